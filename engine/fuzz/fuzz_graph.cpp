// What must hold of any bytes given as a model file. With libFuzzer:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iengine/include -Iengine/src -Iengine/tests
//     engine/fuzz/fuzz_graph.cpp and the sources in engine/src
#include "fuzz_graph.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string_view>

#include "check.h"
#include "file_builder.h"
#include "memory.h"
#include "memories.h"
#include "op.h"
#include "program.h"
#include "state.h"
#include "undertow/encoder.h"
#include "undertow/engine.h"
#include "undertow/stream.h"

namespace undertow {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "a file was read that breaks a limit: %s\n", what);
  std::abort();
}

// Of a row before its first step: what grows takes memory only as steps come.
uint64_t fixed_state_bytes(const Graph& graph) {
  uint64_t bytes = 0;
  for (const Op& op : graph.ops)
    for (const LeafShape& leaf : rules_of(op).leaves(graph, op)) bytes += leaf.grows ? 0 : leaf.bytes();
  return bytes;
}

void require_limits(const Graph& graph, size_t file_bytes) {
  require(graph.domains.size() <= max_domains && graph.values.size() <= max_values, "domains, values");
  require(graph.ops.size() == graph.values.size(), "one op a value");
  require(fixed_state_bytes(graph) / sizeof(float) <= max_state_numbers + 2 * graph.ops.size(), "numbers of state");
  uint64_t channels = 0;
  for (const Value& value : graph.values) channels += value.channels;
  require(channels <= max_total_channels && channels <= file_bytes, "channels");
  for (const Tensor& tensor : graph.tensors) {
    const auto offset = size_t(tensor.data - graph.memory.get());
    require(offset % 64 == 0 && offset <= file_bytes && tensor.bytes <= file_bytes - offset, "a tensor's place");
  }
}

// A state whose numbers are each within their bounds, and do not belong together.
std::vector<Leaf> mixed_up(const Graph& graph, std::vector<Leaf> leaves) {
  std::map<std::string, LeafShape> shapes;
  for (const Op& op : graph.ops)
    for (const LeafShape& shape : rules_of(op).leaves(graph, op)) shapes[shape.name] = shape;
  std::mt19937_64 random;
  for (Leaf& leaf : leaves) {
    const LeafShape& shape = shapes.at(leaf.name);
    if (shape.counts) continue;
    for (int64_t& integer : leaf.integers) integer = shape.least + int64_t(random() % (shape.below - uint64_t(shape.least)));
  }
  return leaves;
}

// What takes little memory also steps: known symbols, counts of symbols, drawn ones, and states that are put back.
void step(std::shared_ptr<const Program> program) {
  constexpr uint64_t most_bytes = 1 << 20;
  if (fixed_state_bytes(program->graph) > most_bytes) return;
  Engine engine(program, 1, 1);
  testing::remember(engine);
  const std::vector<float> condition(program->graph.condition_channels);
  const Condition known{condition.data(), condition.empty() ? 0 : 1, int64_t(condition.size())};
  const uint32_t elements = program->graph.num_elements();
  std::vector<int64_t> symbols(3 * elements), keys{1, 0, 0};
  std::fill_n(symbols.begin() + elements, elements, int64_t(program->graph.num_symbols));
  const std::vector<float> inputs(3 * program->graph.input_channels());
  std::vector<float> params(3 * program->num_params());
  const bool embeds = program->graph.num_symbols > 0, draws = program->graph.emission.kind != EmissionKind::none;
  const std::vector<int64_t> counted(3 * elements);
  std::vector<uint32_t> intervals(6 * elements);
  const Counting counting{24, nullptr, draws ? counted.data() : nullptr, draws ? intervals.data() : nullptr};
  const Feed feed{embeds ? symbols.data() : nullptr, 3, known, params.data(), {}, counting,
                  inputs.empty() ? nullptr : inputs.data()};
  engine.feed(feed);
  engine.restore(engine.state());
  engine.restore(mixed_up(program->graph, engine.state()));
  engine.feed(feed);
  if (draws) engine.run({symbols.data(), 3, 3 * int64_t(elements), known, {}, nullptr, 0, keys.data()});
}

// What takes little memory also reads sources of one and of three steps.
void encode(std::shared_ptr<const Program> program) {
  const uint32_t channels = program->graph.input_channels();
  if (fixed_state_bytes(program->graph) > 1 << 16) return;
  Encoder encoder(program, 1);
  const std::vector<int64_t> symbols(6), lengths{1, 3};
  const std::vector<float> inputs(6 * channels);
  encoder.encode({channels == 0 ? symbols.data() : nullptr, channels > 0 ? inputs.data() : nullptr, 2, 3, lengths.data()});
}

// The same by the face that programs use: what facts say of a model is right, or refused.
void stream(std::span<const std::byte> file, const Graph& graph) {
  constexpr uint64_t most_bytes = 1 << 16;
  if (fixed_state_bytes(graph) > most_bytes || !memory_shapes(graph).empty()) return;
  Stream stream(Model(file, "scalar"));
  const std::vector<float> condition(3 * stream.model().condition_channels());
  std::vector<int64_t> drawn(3 * stream.model().num_elements());
  if (stream.model().program()->graph.emission.kind != EmissionKind::none) stream.draw(drawn, condition.data());
  stream.load(stream.save());
}

}  // namespace

std::string refusal(std::span<const std::byte> file) {
  try {
    const auto program = std::make_shared<const Program>(file, "scalar");
    require_limits(program->graph, file.size());
    if (program->graph.is_encoder()) {
      encode(program);
      return "";
    }
    step(program);
    stream(file, program->graph);
  } catch (const FormatError& error) {
    return error.what();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::invalid_argument& error) {  // a model that takes fewer steps than are made here
    if (!std::string_view(error.what()).starts_with("the steps reach")) throw;
    return error.what();
  }
  return "";
}

}  // namespace undertow

// The bytes as they are, then with the size and the checksum that they ask for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  undertow::refusal({bytes, size});
  if (size < 24) return 0;
  undertow::testing::Bytes file(bytes, bytes + size);
  const uint64_t total = size;
  std::memcpy(file.data() + 16, &total, sizeof total);
  undertow::testing::seal(file);
  undertow::refusal(file);
  return 0;
}
