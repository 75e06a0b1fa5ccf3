#include "check_ops.h"

#include <vector>

#include "op.h"

namespace undertow {

OpCheck::OpCheck(const Graph& checked)
    : graph(checked), written_(graph.values.size()), clocks_(graph.domains.size()), owner_(graph.tensors.size(), -1) {}

void OpCheck::run() {
  bool reads_steps = false;
  for (index_ = 0; index_ < graph.ops.size(); ++index_) {
    op(graph.ops[index_]);
    reads_steps |= graph.ops[index_].kind == (graph.num_symbols > 0 ? OpKind::embed : OpKind::floats);
  }
  for (size_t i = 0; i < written_.size(); ++i) {
    if (!written_[i]) refuse("value ", i, " is written by no op");
  }
  if (!reads_steps && graph.num_symbols > 0) refuse("the model file has no embed op: nothing reads the symbols");
  if (!reads_steps) refuse("the model file has no floats op: nothing reads the floats");
}

void OpCheck::op(const Op& op) {
  for (uint32_t input : op.inputs) read("reads", input);
  if (op.output >= graph.values.size()) fail("writes value ", op.output, " of ", graph.values.size());
  if (written_[op.output]) fail("writes value ", op.output, ", which is written already");
  const size_t around = loops_.size();
  rules_of(op).check(*this, op);
  place(op);
  for (size_t loop = 0; loop < around; ++loop) inside(loops_[loop], op);
  written_[op.output] = true;
  std::erase_if(loops_, [&](const Loop& loop) { return loop.repeated == op.output; });
}

// What sees a whole row has its place in an encoder alone, and outside of its loops; what belongs to steps has none there.
void OpCheck::place(const Op& op) const {
  const Stands stands = rules_of(op).stands(op);
  if (stands == Stands::sources && !graph.is_encoder()) fail("sees a whole source, and this is no encoder: nothing is given");
  if (stands == Stands::steps && graph.is_encoder()) fail("has no place in an encoder");
  if (stands == Stands::sources && !loops_.empty()) fail("sees a whole source, and is in the loop of op ", loops_[0].op);
}

void OpCheck::only_one(const Op& op) const {
  for (const Op& other : graph.ops)
    if (other.kind == op.kind && &other != &op) fail("is one of several");
}

// A loop goes tick by tick, so all in it has one clock.
void OpCheck::inside(const Loop& loop, const Op& op) const {
  const auto hold = [&](uint32_t index) {
    if (value(index).domain == loop.domain) return;
    fail("is of domain ", value(index).domain, ", between op ", loop.op, " and what that repeats, of domain ",
         loop.domain);
  };
  hold(op.output);
  for (uint32_t input : op.inputs) hold(input);
}

void OpCheck::read(const char* verb, uint32_t index) const {
  if (index >= graph.values.size()) fail(verb, " value ", index, " of ", graph.values.size());
  if (!written_[index]) fail(verb, " value ", index, ", which is not written yet");
}

const Tensor& OpCheck::tensor(const char* role, int32_t index) const {
  if (index < 0 || size_t(index) >= graph.tensors.size()) {
    fail("has the ", role, " tensor ", index, " of ", graph.tensors.size());
  }
  return graph.tensors[index];
}

// What is packed of a weight stays in proportion to the file.
const Tensor& OpCheck::own_weight(const Op& op) {
  const Tensor& weight = tensor("weight", op.weight);
  if (owner_[op.weight] >= 0) fail("has the weight tensor ", op.weight, ", as has op ", owner_[op.weight]);
  owner_[op.weight] = int64_t(index_);
  return weight;
}

void OpCheck::vector(const char* role, int32_t index, uint32_t size) const {
  const Tensor& vector = tensor(role, index);
  if (vector.type != Type::f32 || vector.dims != std::vector{size}) {
    fail("has a ", role, " of ", shape(vector), " ", name(vector.type), ", not ", size, " float32");
  }
}

void OpCheck::inputs(const Op& op, size_t number) const {
  if (op.inputs.size() != number) fail("has ", op.inputs.size(), " inputs, not ", number);
}

void OpCheck::added(const Op& op, uint32_t channels, uint32_t domain) const {
  if (op.add < -1) fail("adds value ", op.add);
  if (op.add == -1) return;
  read("adds", uint32_t(op.add));
  const Value& added = value(uint32_t(op.add));
  if (added.channels != channels) fail("adds ", added.channels, " channels to ", channels);
  if (added.domain != domain) fail("adds a value of domain ", added.domain, " in domain ", domain);
}

void OpCheck::output(const Op& op, uint64_t channels, uint32_t domain) const {
  const Value& output = value(op.output);
  if (output.channels != channels) {
    fail("makes ", channels, " channels, and value ", op.output, " has ", output.channels);
  }
  if (output.domain != domain) fail("writes to domain ", output.domain, " from domain ", domain);
}

void OpCheck::no_arithmetic(const Op& op) const {
  if (op.activation != Activation::none || !op.settings.empty() || op.add != -1 || op.bias != -1 || op.scale != -1 || (op.weight != -1 && op.kind != OpKind::embed)) {
    fail("has what only a conv can have: an activation, settings, added value or tensors");
  }
}

void OpCheck::no_tensors(const Op& op) const {
  if (op.activation != Activation::none || op.add != -1 || op.weight != -1 || op.bias != -1 || op.scale != -1) {
    fail("has an activation, an added value or tensors, which it does not read");
  }
}

void OpCheck::elementwise(const Op& op) const {
  inputs(op, 1);
  if (parts_of(op.activation) > 1 || op.scale != -1) {
    fail("has what only a conv can have: a gate, units or scale");
  }
  output(op, value(op.inputs[0]).channels, value(op.inputs[0]).domain);
}

void OpCheck::one_frame(uint32_t domain) {
  if (clocks_[domain] != nullptr) fail("makes frames for domain ", domain, ", which has some already");
  clocks_[domain] = &graph.ops[index_];
}

void OpCheck::same_clock(const Op& op) {
  const Op*& clock = clocks_[value(op.output).domain];
  if (clock == nullptr) clock = &op;
  if (clock->kind != op.kind || clock->settings != op.settings ||
      value(clock->inputs[0]).domain != value(op.inputs[0]).domain) {
    fail("makes domain ", value(op.output).domain, " tick, which another op does otherwise");
  }
}

void OpCheck::ticks(uint32_t domain) const {
  if (domain != 0 && clocks_[domain] == nullptr) fail("is in domain ", domain, ", which does not tick yet");
}

bool OpCheck::is_clock(uint32_t domain, OpKind kind) const {
  return clocks_[domain] != nullptr && clocks_[domain]->kind == kind;
}

void OpCheck::cell(const Op& op) const {
  if (op.activation != Activation::none || op.add != -1 || op.bias != -1 || op.scale != -1) {
    fail("has what only a conv can have: an activation, added value, bias or scale");
  }
}

void OpCheck::begin_loop(const Op& op, uint32_t repeated) {
  if (repeated >= graph.values.size()) fail("repeats value ", repeated, " of ", graph.values.size());
  if (repeated == op.output) fail("repeats itself");
  if (written_[repeated]) fail("repeats value ", repeated, ", which is written already");
  const uint32_t domain = value(op.output).domain;
  if (value(repeated).domain != domain) {
    fail("repeats a value of domain ", value(repeated).domain, " in domain ", domain);
  }
  if (domain != 0 && clocks_[domain] == nullptr) fail("is in domain ", domain, ", which has no frames yet");
  loops_.push_back({index_, repeated, domain});
}

void check_ops(const Graph& graph) { OpCheck(graph).run(); }

}  // namespace undertow
