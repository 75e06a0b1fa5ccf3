#include "source_reader.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "ops/give.h"
#include "ops/stretch.h"

namespace undertow {

namespace {

constexpr uint32_t most_lanes = 64;
constexpr uint64_t plain_vectors = 128, looped_vectors = 2048;  // at once; a loop's products are of one vector a row
constexpr uint64_t most_bytes = uint64_t(1) << 36;

}  // namespace

SourceReader::SourceReader(const Program& program)
    : program_(program), home_of_(program.graph.values.size()),
      pass_(program, lanes_, most_lanes, std::vector<Place>(program.graph.values.size()), scratch_) {
  const Graph& graph = program.graph;
  size_t memories = 1, firsts = 0;  // "lengths" comes first
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const Op& op = graph.ops[i];
    units_.push_back(rules_of(op).unit(program, i, most_lanes, 0));
    if (op.kind == OpKind::stretch) stretch_ = &op;
    loops_ |= program.loop_end(i) > 0;
    given_.push_back({});
    if (op.kind != OpKind::give) continue;
    const bool memory = given_part(op) == Give::memory;
    given_[i] = {memory, memory ? memories++ : firsts++};
    if (given_part(op) != Give::kept) continue;
    for (size_t other = 0; other < i; other++) {
      const std::vector<LeafShape> leaves = rules_of(graph.ops[other]).leaves(graph, graph.ops[other]);
      for (size_t leaf = 0; leaf < leaves.size(); leaf++)
        if (leaves[leaf].name == op.name) given_[i].keeper = other, given_[i].kept = leaf;
    }
  }
  find_homes();
}

// A value's memory is free again behind its last reader; one that a loop reads or makes, behind the loop.
void SourceReader::find_homes() {
  const Graph& graph = program_.graph;
  std::vector<size_t> last(graph.values.size()), made(graph.values.size());
  for (size_t i = 0; i < graph.ops.size(); i++) {
    made[graph.ops[i].output] = last[graph.ops[i].output] = i;
    for (uint32_t input : graph.ops[i].inputs) last[input] = i;
    if (graph.ops[i].add >= 0) last[size_t(graph.ops[i].add)] = i;
  }
  for (size_t begin = 0; begin < graph.ops.size(); begin++)
    for (size_t v = 0, end = program_.loop_end(begin); end > 0 && v < last.size(); v++)
      if (last[v] >= begin && made[v] < end) last[v] = std::max(last[v], end - 1);
  std::vector<size_t> free;
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const uint32_t v = graph.ops[i].output;
    if (free.empty()) free.push_back(homes_.size()), homes_.emplace_back();
    home_of_[v] = free.back();
    free.pop_back();
    Home& home = homes_[home_of_[v]];
    home.stride = std::max(home.stride, program_.holding(v).stride), home.bytes |= program_.holding(v).bytes;
    for (size_t other = 0; other < last.size(); other++)
      if (last[other] == i && made[other] <= i) free.push_back(home_of_[other]);
  }
}

uint64_t SourceReader::steps_of(uint64_t length) const { return stretch_ ? stretched(*stretch_, length) : length; }

uint32_t SourceReader::rows_at_once(uint64_t longest) const {
  return uint32_t(std::clamp<uint64_t>((loops_ ? looped_vectors : plain_vectors) / longest, 1, most_lanes));
}

void SourceReader::make_room(uint64_t longest, size_t vectors) {
  vectors = std::max(vectors, room_);
  size_t width = 0, gathered = 0, strides = 0;
  for (size_t i = 0; i < units_.size(); i++)
    if (const Packed* packed = program_.packed(i))
      width = std::max<size_t>(width, packed->width()), gathered = std::max(gathered, packed->gathered());
  for (const Home& home : homes_) strides += home.stride * (home.bytes ? 5 : 4);
  if (vectors * (strides + width * sizeof(float) + gathered) > most_bytes)
    throw std::invalid_argument("so long a source would take more than 64 GiB of memory");
  for (uint32_t slot = 0; slot < most_lanes; slot++)
    for (auto& unit : units_) unit->reset(slot), unit->make_room(slot, longest);
  if (vectors == room_) return;
  room_ = vectors;
  for (Home& home : homes_) {
    home.floats = Aligned<float>(vectors * home.stride);
    home.held = Aligned<uint8_t>(home.bytes ? vectors * home.stride : 0);
  }
  scratch_.x.resize(vectors), scratch_.add.resize(vectors), scratch_.input.resize(vectors);
  scratch_.y.resize(vectors), scratch_.bytes.resize(vectors);
  scratch_.room = gathered;
  scratch_.gathered = Aligned<std::byte>(vectors * gathered);
  scratch_.acc = Aligned<std::byte>(vectors * width * sizeof(float));
}

// Begin a pass over rows side by side, padded to the longest.
void SourceReader::take(const Sources& sources, std::span<const uint32_t> rows) {
  const uint32_t channels = program_.graph.input_channels();
  lanes_.slots.clear(), lanes_.places.clear(), lengths_.clear();
  uint64_t longest = 0;
  for (uint32_t row : rows) {
    lanes_.places.push_back(uint32_t(lanes_.slots.size()));
    lanes_.slots.push_back(uint32_t(lanes_.slots.size()));
    lengths_.push_back(uint32_t(sources.lengths[row]));
    longest = std::max(longest, steps_of(lengths_.back()));
  }
  symbols_.assign(sources.symbols ? rows.size() * longest : 0, 0);
  inputs_.assign(sources.symbols ? 0 : rows.size() * longest * channels, 0.0f);
  pass_.begin(0, {}, 0);
  for (size_t lane = 0; lane < rows.size(); lane++) {
    const size_t from = size_t(rows[lane]) * size_t(sources.stride), to = lane * longest;
    pass_.counts[0][lane] = uint32_t(steps_of(lengths_[lane]));
    if (sources.symbols)
      std::copy_n(sources.symbols + from, lengths_[lane], symbols_.begin() + ptrdiff_t(to));
    else
      std::copy_n(sources.inputs + from * channels, lengths_[lane] * channels, inputs_.begin() + ptrdiff_t(to * channels));
    for (auto& unit : units_) unit->reset(uint32_t(lane));
  }
  pass_.symbols = symbols_.data(), pass_.inputs = inputs_.data(), pass_.symbol_stride = longest;
  pass_.lengths = lengths_.data();
  std::vector<Place> places;
  for (size_t v = 0; v < home_of_.size(); v++) {
    const Home& home = homes_[home_of_[v]];
    uint8_t* bytes = program_.holding(v).bytes ? home.held.data() : nullptr;
    places.push_back({home.floats.data(), bytes, longest * home.stride, home.stride});
  }
  pass_.place(places);
}

void SourceReader::read(const Sources& sources, std::span<const uint32_t> rows, Encoded& encoded) {
  take(sources, rows);
  for (size_t i = 0; i < units_.size(); i++) {
    const size_t end = program_.loop_end(i);
    if (end == 0) {
      units_[i]->block(pass_);
    } else {
      const uint32_t ticks = pass_.most_ticks(0);
      for (uint32_t tick = 0; tick < ticks; tick++) {
        pass_.narrow(0, tick);
        for (size_t op = i; op < end; op++) {
          units_[op]->block(pass_);
          for (size_t repeater : program_.repeaters(op)) units_[repeater]->keep_repeated(pass_);
        }
      }
      pass_.widen(0);
      i = end - 1;
    }
    if (program_.graph.ops[i].kind == OpKind::give) give(i, rows, encoded);
  }
}

void SourceReader::give(size_t index, std::span<const uint32_t> rows, Encoded& encoded) const {
  const Op& op = program_.graph.ops[index];
  const Given& given = given_[index];
  const uint32_t channels = program_.graph.values[op.output].channels;
  Leaf& leaf = given.memory ? encoded.memory[given.leaf] : encoded.first[given.leaf];
  std::vector<Leaf> kept;
  if (given_part(op) == Give::kept)
    for (const LeafShape& shape : rules_of(program_.graph.ops[given.keeper]).leaves(program_.graph, program_.graph.ops[given.keeper]))
      kept.push_back(Leaf{shape.name, {1, channels}, false, std::vector<float>(shape.numbers()), {}});
  for (uint32_t lane = 0; lane < rows.size(); lane++) {
    const uint32_t count = given.memory ? pass_.count(0, lane) : 1;
    float* to = leaf.floats.data() + size_t(rows[lane]) * size_t(given.memory ? leaf.shape[1] : 1) * channels;
    if (given.memory) encoded.memory[0].integers[rows[lane]] = count;
    if (given_part(op) == Give::kept) {
      units_[given.keeper]->write(lane, kept, 0);
      std::copy_n(kept[given.kept].floats.data(), channels, to);
      continue;
    }
    for (uint32_t tick = 0; tick < count; tick++)
      std::copy_n(pass_.floats(op.output, lane, tick), channels, to + size_t(tick) * channels);
  }
}

Encoded empty_encoded(const Graph& graph, int64_t rows, int64_t steps) {
  Encoded encoded;
  for (const Op& op : graph.ops) {
    if (op.kind != OpKind::give) continue;
    const int64_t channels = graph.values[op.output].channels, heads = op.settings[1];
    const bool memory = given_part(op) == Give::memory;
    if (memory && encoded.memory.empty())
      encoded.memory.push_back({"lengths", {rows}, true, {}, std::vector<int64_t>(size_t(rows))});
    Leaf leaf{op.name, {rows}, false, std::vector<float>(size_t(rows * (memory ? steps : 1) * channels)), {}};
    if (memory) leaf.shape.push_back(steps);
    if (heads > 0) leaf.shape.push_back(heads);
    leaf.shape.push_back(heads > 0 ? channels / heads : channels);
    (memory ? encoded.memory : encoded.first).push_back(std::move(leaf));
  }
  return encoded;
}

}  // namespace undertow
