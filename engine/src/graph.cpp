#include "undertow/graph.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <new>

#include "crc32.h"
#include "facts.h"
#include "op.h"
#include "reader.h"

namespace undertow {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are read in place, and they are little-endian");

constexpr uint32_t version = 4;
constexpr size_t alignment = 64;
constexpr size_t header_bytes = 144, source_bytes = 64;
constexpr size_t checked_from = 16, envelope_bytes = 24;
constexpr size_t domain_bytes = 8, value_bytes = 16, op_bytes = 40, tensor_bytes = 40;

size_t align(size_t offset) { return (offset + alignment - 1) / alignment * alignment; }

struct Counts {
  uint32_t domains, values, ops, tensors;
};

// Refuse what is not a whole file of this version.
void check_envelope(std::span<const std::byte> file) {
  constexpr char magic[] = {'U', 'N', 'D', 'E', 'R', 'T', 'O', 'W'};
  if (file.size() < sizeof magic || std::memcmp(file.data(), magic, sizeof magic) != 0) {
    refuse("not an engine's model file: it does not begin with UNDERTOW");
  }
  Reader reader(file);
  reader.skip(sizeof magic);
  const uint32_t found = reader.u32();
  if (found != version) refuse("the model file is of version ", found, "; this engine reads version ", version);
  if (file.size() < header_bytes) {
    refuse("the model file is cut short: it has ", file.size(), " bytes, its header alone ", header_bytes);
  }
  const uint32_t checksum = reader.u32();
  const uint64_t bytes = reader.take<uint64_t>();
  if (bytes > file.size()) refuse("the model file is cut short: it has ", file.size(), " of ", bytes, " bytes");
  if (bytes < file.size()) refuse("the model file has ", file.size(), " bytes and says that it has ", bytes);
  if (crc32(file.subspan(checked_from)) != checksum) refuse("the model file is damaged: its checksum does not fit");
}

Counts read_header(Reader& reader, Graph& graph) {
  const uint32_t precision = reader.u32();
  if (precision > uint32_t(Type::i8)) refuse("the model file has the unknown precision ", precision);
  graph.precision = Type(precision);
  graph.num_symbols = reader.u32();
  graph.condition_channels = reader.u32();
  graph.output = reader.u32();
  const uint32_t kind = reader.u32();
  if (kind >= num_emission_kinds) refuse("the model file has the unknown emission ", kind);
  graph.emission.kind = EmissionKind(kind);
  graph.emission.num_components = reader.u32();
  graph.emission.initial_scale = reader.take<double>();
  graph.emission.scale_margin = reader.take<double>();
  Counts counts;
  counts.domains = reader.count("domains", max_domains, domain_bytes);
  counts.values = reader.count("values", max_values, value_bytes);
  counts.ops = reader.count("ops", max_values, op_bytes);
  counts.tensors = reader.count("tensors", max_tensors, tensor_bytes);
  reader.skip(source_bytes);  // whose config and weights the file was made of, which who loads a model compares
  return counts;
}

Op read_op(Reader& reader, size_t index) {
  Op op;
  const uint32_t kind = reader.u32(), activation = reader.u32();
  if (kind >= num_op_kinds) refuse("op ", index, " is of the unknown kind ", kind);
  if (activation >= num_activations) refuse("op ", index, " has the unknown activation ", activation);
  op.kind = OpKind(kind);
  op.activation = Activation(activation);
  op.output = reader.u32();
  op.add = reader.i32();
  op.weight = reader.i32();
  op.bias = reader.i32();
  op.scale = reader.i32();
  op.inputs.resize(reader.count("inputs of an op", max_values, sizeof(uint32_t)));
  for (uint32_t& input : op.inputs) input = reader.u32();
  op.settings.resize(reader.count("settings of an op", max_settings, sizeof(uint32_t)));
  for (uint32_t& setting : op.settings) setting = reader.u32();
  op.name = reader.name("op", index);
  return op;
}

// Elements that a file of so many bytes could hold, or a refusal.
uint64_t count_elements(const Tensor& tensor, size_t index, size_t bytes) {
  uint64_t elements = 1;
  for (uint32_t dim : tensor.dims) {
    if (dim == 0) refuse("tensor ", index, " has a dimension of 0");
    if (elements > bytes / dim) refuse("tensor ", index, ", ", shape(tensor), ", is larger than the file");
    elements *= dim;
  }
  return elements;
}

// One entry of the tensor table; `end` is where the data before it ends, then its own.
Tensor read_tensor(Reader& reader, size_t index, const std::byte* memory, size_t file_bytes, size_t& end) {
  const uint32_t type = reader.u32(), num_dims = reader.u32();
  const uint32_t dims[3] = {reader.u32(), reader.u32(), reader.u32()};
  const uint32_t reserved = reader.u32();
  const uint64_t offset = reader.take<uint64_t>(), bytes = reader.take<uint64_t>();
  if (type > uint32_t(Type::i8)) refuse("tensor ", index, " is of the unknown type ", type);
  if (num_dims < 1 || num_dims > 3) refuse("tensor ", index, " has ", num_dims, " dimensions; it can have 1 to 3");
  for (uint32_t i = num_dims; i < 3; ++i) {
    if (dims[i] != 1) refuse("tensor ", index, " has ", num_dims, " dimensions and the size of one more");
  }
  if (reserved != 0) refuse("tensor ", index, " has ", reserved, " where version 4 has 0");
  Tensor tensor{Type(type), {dims, dims + num_dims}, nullptr, size_t(bytes)};
  const uint64_t needed = count_elements(tensor, index, file_bytes) * item_size(tensor.type);
  if (bytes != needed) {
    refuse("tensor ", index, ", ", shape(tensor), " of ", name(tensor.type), ", has ", bytes, " bytes, not ", needed);
  }
  if (offset != align(end)) refuse("tensor ", index, " is at byte ", offset, "; it must be at ", align(end));
  if (offset > file_bytes || bytes > file_bytes - offset) refuse("tensor ", index, " reaches past the file's end");
  end = offset + bytes;
  tensor.data = memory + offset;
  return tensor;
}

void read_tables(Reader& reader, const Counts& counts, size_t file_bytes, Graph& graph) {
  for (uint32_t i = 0; i < counts.domains; ++i) {
    const uint32_t parent = reader.u32(), period = reader.u32();
    graph.domains.push_back({parent, period});
  }
  for (uint32_t i = 0; i < counts.values; ++i) {
    const uint32_t channels = reader.u32(), domain = reader.u32();
    const int32_t step = reader.i32();
    graph.values.push_back({channels, domain, step, reader.u32()});
  }
  size_t inputs = 0;
  for (uint32_t i = 0; i < counts.ops; ++i) {
    graph.ops.push_back(read_op(reader, i));
    inputs += graph.ops.back().inputs.size();
    if (inputs > max_inputs) refuse("the ops have more than ", max_inputs, " inputs in all");
  }
  size_t end = reader.at() + counts.tensors * tensor_bytes;
  for (uint32_t i = 0; i < counts.tensors; ++i) {
    graph.tensors.push_back(read_tensor(reader, i, graph.memory.get(), file_bytes, end));
  }
  if (end != file_bytes) refuse("the model file has ", file_bytes, " bytes; its last tensor ends at ", end);
}

std::shared_ptr<const std::byte[]> copy_aligned(std::span<const std::byte> file) {
  constexpr std::align_val_t where{alignment};
  auto* memory = static_cast<std::byte*>(::operator new(file.size(), where));
  std::memcpy(memory, file.data(), file.size());
  return {memory, [](const std::byte* kept) { ::operator delete(const_cast<std::byte*>(kept), where); }};
}

}  // namespace

Graph parse(std::span<const std::byte> file) {
  check_envelope(file);
  Graph graph{};
  graph.memory = copy_aligned(file);
  Reader reader({graph.memory.get(), file.size()});
  reader.skip(envelope_bytes);
  const Counts counts = read_header(reader, graph);
  graph.facts = read_facts(reader);
  read_tables(reader, counts, file.size(), graph);
  check(graph, file.size());
  return graph;
}

uint32_t Graph::input_channels() const {
  for (const Op& op : ops)
    if (op.kind == OpKind::floats) return values[op.output].channels;
  return 0;
}

const Op* Graph::clock_of(uint32_t domain) const {
  constexpr OpKind clocks[] = {OpKind::frame, OpKind::turn, OpKind::row, OpKind::shrink};
  for (const Op& op : ops) {
    const bool is_clock = std::find(std::begin(clocks), std::end(clocks), op.kind) != std::end(clocks);
    if (is_clock && op.output < values.size() && values[op.output].domain == domain) return &op;
  }
  return nullptr;
}

uint32_t Graph::row_ticks(uint32_t domain) const {
  const Op* clock = clock_of(domain);
  if (clock == nullptr || clock->kind == OpKind::frame) return 0;
  return clock->kind == OpKind::shrink ? row_ticks(domains[domain].parent) / 2 : domains[domain].period;
}

bool Graph::is_encoder() const {
  for (const Op& op : ops)
    if (op.kind == OpKind::give) return true;
  return false;
}

uint64_t Graph::state_bytes() const {
  uint64_t bytes = 0;
  for (const Op& op : ops)
    for (const LeafShape& leaf : rules_of(op).leaves(*this, op)) bytes += leaf.bytes();
  return bytes;
}

}  // namespace undertow
