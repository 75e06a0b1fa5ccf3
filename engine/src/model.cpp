#include "undertow/model.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "program.h"
#include "read_file.h"
#include "undertow/encoder.h"

namespace undertow {

namespace {

constexpr size_t checksum_at = 12, source_at = 80, checksum_bytes = 12, source_bytes = 64;

// A fact that is one number above 0; 0 where there is none.
uint64_t number(const Facts& facts, std::string_view name, uint64_t most) {
  const Fact* fact = find(facts, name);
  if (!fact) return 0;
  if (fact->integers.size() != 1 || fact->integers[0] < 1 || uint64_t(fact->integers[0]) > most)
    throw Error("the model file has a " + std::string(name) + " that is not one number from 1 to " +
                std::to_string(most));
  return uint64_t(fact->integers[0]);
}

std::vector<std::string> texts(const Facts& facts, std::string_view name) {
  const Fact* fact = find(facts, name);
  return fact ? fact->texts : std::vector<std::string>();
}

std::shared_ptr<const Program> make_program(std::span<const std::byte> file, std::string_view isa) {
  try {
    return std::make_shared<const Program>(files_in(file).first, isa);
  } catch (const std::invalid_argument& error) {
    throw Error(error.what());
  }
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  const auto refuse = [&](const char* why) { throw Error(path.string() + ": " + why); };
  if (std::filesystem::is_directory(path)) refuse("is a folder, not a model file");
  std::FILE* file = std::fopen(path.string().c_str(), "rb");
  if (!file) refuse(std::strerror(errno));
  std::vector<std::byte> content, part(1 << 20);
  for (size_t size; (size = std::fread(part.data(), 1, part.size(), file)) > 0;)
    content.insert(content.end(), part.begin(), part.begin() + ptrdiff_t(size));
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) refuse("cannot be read to its end");
  return content;
}

// Of a label, the vectors of no class and of each.
struct Model::Parts {
  Parts(std::span<const std::byte> file, std::string_view isa)
      : program(make_program(file, isa)), graph(program->graph), alphabet(graph.facts, graph.num_symbols),
        sample_rate(uint32_t(number(graph.facts, "sample_rate", UINT32_MAX))),
        receptive_field(number(graph.facts, "receptive_field", INT64_MAX)),
        max_length(number(graph.facts, "max_length", INT64_MAX)) {
    std::copy_n(graph.memory.get() + checksum_at, checksum_bytes, identity.begin());
    std::copy_n(graph.memory.get() + source_at, source_bytes, identity.begin() + checksum_bytes);
    for (const std::string& name : texts(graph.facts, "labels")) read_label(name);
    if (alphabet.is_sound() && graph.is_vector())
      throw Error("the model file has an alphabet of sound, and steps that are vectors");
  }

  void read_label(const std::string& name) {
    const std::string key = "labels." + std::to_string(labels.size());
    labels.push_back({name, texts(graph.facts, key)});
    const Fact* fact = find(graph.facts, key + ".vectors");
    const size_t rows = labels.back().classes.size() + 1;
    if (!fact || fact->floats.empty() || fact->floats.size() % rows != 0)
      throw Error("the model file has no vectors for the classes of the label " + name);
    const uint32_t channels = uint32_t(fact->floats.size() / rows);
    if (channels > graph.condition_channels || (label_channels && channels != label_channels))
      throw Error("the model file has vectors of another size for the label " + name);
    label_channels = channels;
    vectors.push_back(&fact->floats);
  }

  // The vector of a class of a label; of none without one.
  const float* vector(size_t label, std::string_view name) const {
    const std::vector<std::string>& classes = labels[label].classes;
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) return nullptr;
    return vectors[label]->data() + label_channels * (1 + size_t(found - classes.begin()));
  }

  std::shared_ptr<const Program> program;
  const Graph& graph;
  Alphabet alphabet;
  uint32_t sample_rate;
  uint64_t receptive_field, max_length;
  std::vector<Label> labels;
  std::vector<const std::vector<float>*> vectors;
  uint32_t label_channels = 0;
  Identity identity;
};

Model::Model(std::span<const std::byte> file, std::string_view isa) : parts_(std::make_shared<const Parts>(file, isa)) {}

const Alphabet& Model::alphabet() const { return parts_->alphabet; }
uint32_t Model::sample_rate() const { return parts_->sample_rate; }
uint64_t Model::receptive_field() const { return parts_->receptive_field; }
uint64_t Model::max_length() const { return parts_->max_length; }
const std::vector<Label>& Model::labels() const { return parts_->labels; }
uint32_t Model::condition_channels() const { return parts_->graph.condition_channels; }
uint32_t Model::label_channels() const { return parts_->label_channels; }
const char* Model::precision() const { return name(parts_->graph.precision); }
std::string Model::isa() const { return std::string(parts_->program->kernels.name); }
uint32_t Model::num_params() const { return parts_->program->num_params(); }
uint32_t Model::num_elements() const { return parts_->graph.num_elements(); }
uint32_t Model::input_channels() const { return parts_->graph.input_channels(); }
uint64_t Model::weight_bytes() const { return parts_->program->weight_bytes(); }
uint64_t Model::state_bytes() const { return parts_->graph.state_bytes(); }
const Facts& Model::facts() const { return parts_->graph.facts; }
const Identity& Model::identity() const { return parts_->identity; }
const std::shared_ptr<const Program>& Model::program() const { return parts_->program; }

std::vector<float> Model::condition(const std::map<std::string, std::string>& classes) const {
  std::vector<float> sum(condition_channels());
  size_t used = 0;
  for (size_t label = 0; label < parts_->labels.size(); label++) {
    const auto given = classes.find(parts_->labels[label].name);
    const float* vector = parts_->vectors[label]->data();
    if (given != classes.end()) {
      used++;
      vector = parts_->vector(label, given->second);
      if (!vector) throw Error("the label " + given->first + " has no class " + given->second);
    }
    for (uint32_t i = 0; i < parts_->label_channels; i++) sum[i] += vector[i];
  }
  if (used == classes.size()) return sum;
  for (const auto& [label, name] : classes)
    if (std::none_of(labels().begin(), labels().end(), [&](const Label& one) { return one.name == label; }))
      throw Error("this model has no label " + label);
  return sum;
}

std::vector<float> Model::condition(std::string_view only) const {
  std::optional<std::string> owner;
  for (size_t label = 0; label < parts_->labels.size(); label++)
    if (parts_->vector(label, only)) {
      if (owner)
        throw Error("both labels " + *owner + " and " + labels()[label].name + " have a class " + std::string(only));
      owner = labels()[label].name;
    }
  if (!owner) throw Error("no label of this model has a class " + std::string(only));
  return condition({{*owner, std::string(only)}});
}

Model load(const std::filesystem::path& file, std::string_view isa) {
  const std::vector<std::byte> content = read_file(file);
  try {
    return Model(content, isa);
  } catch (const Error& error) {
    throw Error(file.string() + ": " + error.what());
  }
}

}  // namespace undertow
