#include "check.h"

#include <cmath>
#include <map>
#include <set>

#include "memory.h"
#include "op.h"

namespace undertow {
namespace {

void check_domains(const Graph& graph) {
  if (graph.domains.empty()) refuse("the model file has no domains");
  if (graph.domains[0].parent != 0 || graph.domains[0].period != 1) refuse("domain 0 does not tick at every step");
  std::vector<uint64_t> steps{1};
  for (size_t i = 1; i < graph.domains.size(); ++i) {
    const auto [parent, period] = graph.domains[i];
    if (parent >= i) refuse("domain ", i, " has the parent ", parent, ", which does not come before it");
    if (period == 0) refuse("domain ", i, " has a period of 0");
    steps.push_back(steps[parent] * period);
    if (steps[i] > max_frame_steps) {
      refuse("domain ", i, " ticks once in ", steps[i], " steps; the most is ", max_frame_steps);
    }
  }
}

void check_step(const Graph& graph, size_t index) {
  const Value& value = graph.values[index];
  if (value.step < -1 || (value.step >= 0 && size_t(value.step) >= graph.tensors.size())) {
    refuse("value ", index, " has the step tensor ", value.step, " of ", graph.tensors.size());
  }
  if (value.zero_point > 255) refuse("value ", index, " has the zero point ", value.zero_point, "; the most is 255");
  if (value.step < 0) return;
  const Tensor& step = graph.tensors[value.step];
  if (step.type != Type::f32 || step.dims != std::vector{value.channels}) {
    refuse("value ", index, " has steps of ", shape(step), " ", name(step.type), ", not ", value.channels, " float32");
  }
  for (uint32_t i = 0; i < value.channels; ++i) {
    const float one = step.f32()[i];
    if (!(one > 0) || !std::isnormal(one)) {
      refuse("value ", index, " has the step ", one, " in channel ", i, "; it must be above 0, finite and normal");
    }
  }
}

void check_values(const Graph& graph, size_t file_bytes) {
  uint64_t total = 0;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const Value& value = graph.values[i];
    if (value.channels == 0 || value.channels > max_channels) {
      refuse("value ", i, " has ", value.channels, " channels; it can have 1 to ", max_channels);
    }
    if (value.domain >= graph.domains.size()) {
      refuse("value ", i, " is in domain ", value.domain, " of ", graph.domains.size());
    }
    check_step(graph, i);
    total += value.channels;
  }
  if (total > max_total_channels) {
    refuse("the model's values have ", total, " channels in all; the most is ", max_total_channels);
  }
  // Each channel is made of weights, or read with some.
  if (total > file_bytes) {
    refuse("the model's values have ", total, " channels in all; a file of ", file_bytes, " bytes has weights for fewer");
  }
}

void check_emission(const Graph& graph) {
  const Emission& emission = graph.emission;
  if ((emission.is_mixture() || emission.is_vector()) != (emission.num_components > 0)) {
    refuse("the emission has ", emission.num_components, " components; a mixture has some, another none");
  }
  if (emission.kind == EmissionKind::bernoulli && graph.num_symbols != 2) {
    refuse("the emission is of zeros and ones, and the model file has ", graph.num_symbols, " symbols");
  }
  if (!emission.has_bins()) return;
  if (!(emission.initial_scale > 0 && emission.initial_scale <= 1)) {
    refuse("the emission's initial scale is ", emission.initial_scale, "; it must be above 0 and at most 1");
  }
  if (!(emission.scale_margin >= -10 && emission.scale_margin <= 10)) {
    refuse("the emission's scale margin is ", emission.scale_margin, "; it must be -10 to 10");
  }
}

void check_output(const Graph& graph) {
  if (graph.output >= graph.values.size()) {
    refuse("the output is value ", graph.output, " of ", graph.values.size());
  }
  const Value& output = graph.values[graph.output];
  if (output.domain != 0) refuse("the output, value ", graph.output, ", is in domain ", output.domain, ", not 0");
  const uint64_t num_params = graph.emission.num_params(graph.num_symbols);
  if (graph.emission.kind != EmissionKind::none && output.channels != num_params) {
    refuse("the output has ", output.channels, " channels; the emission has ", num_params, " parameters");
  }
}

void check_header(const Graph& graph) {
  const uint32_t least = graph.emission.kind == EmissionKind::none ? 0 : 1;
  if (graph.num_symbols < least || graph.num_symbols > max_symbols) {
    refuse("the model file has ", graph.num_symbols, " symbols; it can have ", least, " to ", max_symbols);
  }
  if (graph.condition_channels > max_channels) {
    refuse("the condition has ", graph.condition_channels, " channels; the most is ", max_channels);
  }
}

void check_state(const Graph& graph) {
  uint64_t numbers = 0;
  for (const Value& value : graph.values)
    numbers += uint64_t(value.channels) * graph.row_ticks(value.domain);
  std::map<std::string, LeafShape> kept;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const std::vector<LeafShape> leaves = rules_of(op).leaves(graph, op);
    for (const LeafShape& leaf : leaves) numbers += leaf.grows ? 0 : leaf.numbers();
    if (numbers > max_state_numbers) refuse("the state has more than ", max_state_numbers, " numbers a row");
    if (!leaves.empty() && op.name.empty()) refuse("op ", i, " keeps a state and has no name");
    if (leaves.empty() && rules_of(op).memory(graph, op).empty() && op.kind != OpKind::give && !op.name.empty()) {
      refuse("op ", i, " keeps no state and has a name");
    }
    for (const LeafShape& leaf : leaves) {
      const auto [other, fresh] = kept.insert({leaf.name, leaf});
      if (fresh || (leaf.shared && other->second.shared && leaf.below == other->second.below)) continue;
      refuse("op ", i, " keeps ", leaf.name, ", as another op does");
    }
  }
}

// A leaf of a memory has one shape, whoever reads it.
void check_memory(const Graph& graph) {
  std::map<std::string, uint32_t> channels;
  for (const MemoryShape& shape : memory_shapes(graph)) {
    const uint32_t found = channels.emplace(shape.name, shape.channels).first->second;
    if (found != shape.channels) {
      refuse("ops read ", found, " and ", shape.channels, " channels of the memory's ", shape.name);
    }
  }
}

// An encoder has one clock, no condition and no emission, and gives each part once.
void check_encoder(const Graph& graph) {
  if (!graph.is_encoder()) return;
  if (graph.domains.size() != 1 || graph.condition_channels != 0 || graph.emission.kind != EmissionKind::none) {
    refuse("the model file is an encoder's, and has several domains, a condition or an emission");
  }
  std::set<std::string> given;
  for (const Op& op : graph.ops)
    if (op.kind == OpKind::give && !given.insert(op.name).second) refuse("the encoder gives ", op.name, " twice");
}

}  // namespace

const char* name(Type type) {
  constexpr const char* names[] = {"float32", "bfloat16", "int8"};
  return names[size_t(type)];
}

const char* name(OpKind kind) {
#define UNDERTOW_NAME(kind) #kind,
  constexpr const char* names[] = {UNDERTOW_OPS(UNDERTOW_NAME)};
#undef UNDERTOW_NAME
  return names[size_t(kind)];
}

size_t item_size(Type type) { return type == Type::f32 ? 4 : type == Type::bf16 ? 2 : 1; }

std::string shape(const Tensor& tensor) {
  std::string text;
  for (uint32_t dim : tensor.dims) {
    if (!text.empty()) text += 'x';
    text += std::to_string(dim);
  }
  return text;
}

void check(const Graph& graph, size_t file_bytes) {
  check_header(graph);
  check_domains(graph);
  check_emission(graph);
  check_values(graph, file_bytes);
  check_ops(graph);
  check_output(graph);
  check_state(graph);
  check_memory(graph);
  check_encoder(graph);
  check_numbers(graph);
}

}  // namespace undertow
