#include "check.h"

namespace undertow {
namespace {

class OpCheck {
 public:
  explicit OpCheck(const Graph& graph)
      : graph_(graph), written_(graph.values.size(), false), owner_(graph.tensors.size(), -1) {}

  void run() {
    bool reads_symbols = false;
    for (index_ = 0; index_ < graph_.ops.size(); ++index_) {
      check_op(graph_.ops[index_]);
      reads_symbols |= graph_.ops[index_].kind == OpKind::embed;
    }
    for (size_t i = 0; i < written_.size(); ++i) {
      if (!written_[i]) refuse("value ", i, " is written by no op");
    }
    if (!reads_symbols) refuse("the model file has no embed op: nothing reads the symbols");
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    refuse("op ", index_, " (", name(graph_.ops[index_].kind), ") ", parts...);
  }

  const Value& value(uint32_t index) const { return graph_.values[index]; }

  void check_op(const Op& op) {
    for (uint32_t input : op.inputs) check_read("reads", input);
    if (op.output >= graph_.values.size()) fail("writes value ", op.output, " of ", graph_.values.size());
    if (written_[op.output]) fail("writes value ", op.output, ", which is written already");
    switch (op.kind) {
      case OpKind::conv: check_conv(op); break;
      case OpKind::norm: check_norm(op); break;
      case OpKind::add: check_add(op); break;
      default: check_plain(op);
    }
    written_[op.output] = true;
  }

  void check_read(const char* verb, uint32_t index) const {
    if (index >= graph_.values.size()) fail(verb, " value ", index, " of ", graph_.values.size());
    if (!written_[index]) fail(verb, " value ", index, ", which is not written yet");
  }

  const Tensor& tensor(const char* role, int32_t index) const {
    if (index < 0 || size_t(index) >= graph_.tensors.size()) {
      fail("has the ", role, " tensor ", index, " of ", graph_.tensors.size());
    }
    return graph_.tensors[index];
  }

  // A weight belongs to one op: what is packed of it stays in proportion to the file.
  const Tensor& own_weight(const Op& op) {
    const Tensor& weight = tensor("weight", op.weight);
    if (owner_[op.weight] >= 0) fail("has the weight tensor ", op.weight, ", as has op ", owner_[op.weight]);
    owner_[op.weight] = int64_t(index_);
    return weight;
  }

  void check_vector(const char* role, int32_t index, uint32_t size) const {
    const Tensor& vector = tensor(role, index);
    if (vector.type != Type::f32 || vector.dims != std::vector{size}) {
      fail("has a ", role, " of ", shape(vector), " ", name(vector.type), ", not ", size, " float32");
    }
  }

  void check_output(const Op& op, uint64_t channels, uint32_t domain) const {
    const Value& output = value(op.output);
    if (output.channels != channels) {
      fail("makes ", channels, " channels, and value ", op.output, " has ", output.channels);
    }
    if (output.domain != domain) fail("writes to domain ", output.domain, " from domain ", domain);
  }

  // What has no arithmetic.
  void check_plain(const Op& op) {
    const bool reads_value = op.kind == OpKind::frame || op.kind == OpKind::unframe;
    check_inputs(op, reads_value);
    if (op.activation != Activation::none || op.kernel_size != 1 || op.dilation != 1 || op.add != -1 ||
        op.bias != -1 || op.scale != -1 || (op.weight != -1 && op.kind != OpKind::embed)) {
      fail("has what only a conv can have: an activation, kernel, added value or tensors");
    }
    if (op.kind == OpKind::embed) check_embed(op);
    if (op.kind == OpKind::condition) check_condition(op);
    if (op.kind == OpKind::frame) check_frame(op);
    if (op.kind == OpKind::unframe) check_unframe(op);
  }

  void check_inputs(const Op& op, size_t number) const {
    if (op.inputs.size() != number) fail("has ", op.inputs.size(), " inputs, not ", number);
  }

  // What a norm and an add have in common: one value becomes another of its size.
  void check_elementwise(const Op& op) const {
    check_inputs(op, 1);
    if (parts_of(op.activation) > 1 || op.kernel_size != 1 || op.dilation != 1 || op.scale != -1) {
      fail("has what only a conv can have: a gate, units, kernel or scale");
    }
    check_output(op, value(op.inputs[0]).channels, value(op.inputs[0]).domain);
  }

  void check_norm(const Op& op) {
    check_elementwise(op);
    if (op.add != -1) fail("adds value ", op.add);
    own_weight(op);
    check_vector("weight", op.weight, value(op.output).channels);
    check_vector("bias", op.bias, value(op.output).channels);
  }

  void check_add(const Op& op) const {
    check_elementwise(op);
    if (op.weight != -1 || op.bias != -1) fail("has tensors, which it does not read");
    if (op.add == -1) fail("adds no value");
    check_added(op, value(op.output).channels, value(op.output).domain);
  }

  void check_added(const Op& op, uint32_t channels, uint32_t domain) const {
    if (op.add < -1) fail("adds value ", op.add);
    if (op.add == -1) return;
    check_read("adds", uint32_t(op.add));
    const Value& added = value(uint32_t(op.add));
    if (added.channels != channels) fail("adds ", added.channels, " channels to ", channels);
    if (added.domain != domain) fail("adds a value of domain ", added.domain, " in domain ", domain);
  }

  void check_embed(const Op& op) {
    const Tensor& table = own_weight(op);
    if (table.type != Type::f32 || table.dims.size() != 2 || table.dims[0] != graph_.num_symbols + 1) {
      fail("has a table of ", shape(table), " ", name(table.type), "; it must be float32, with a row for each of ",
           graph_.num_symbols, " symbols and the start");
    }
    check_output(op, table.dims[1], 0);
  }

  void check_condition(const Op& op) const {
    if (graph_.condition_channels == 0) fail("is in a model without a condition");
    check_output(op, graph_.condition_channels, 0);
  }

  void check_frame(const Op& op) {
    const Value &from = value(op.inputs[0]), &to = value(op.output);
    const Domain& domain = graph_.domains[to.domain];
    if (to.domain == 0 || domain.parent != from.domain) {
      fail("goes from domain ", from.domain, " to ", to.domain, ", which is not a slower one right below it");
    }
    if (framed_[to.domain]) fail("makes frames for domain ", to.domain, ", which has some already");
    framed_[to.domain] = true;
    check_output(op, uint64_t(from.channels) * domain.period, to.domain);
  }

  void check_unframe(const Op& op) const {
    const Value &from = value(op.inputs[0]), &to = value(op.output);
    const Domain& domain = graph_.domains[from.domain];
    if (from.domain == 0 || domain.parent != to.domain) {
      fail("goes from domain ", from.domain, " to ", to.domain, ", which is not its parent");
    }
    if (from.channels != uint64_t(to.channels) * domain.period) {
      fail("reads ", from.channels, " channels, not ", domain.period, " times the ", to.channels, " it writes");
    }
  }

  void check_conv(const Op& op) {
    if (op.inputs.empty()) fail("has no inputs");
    if (op.kernel_size == 0 || op.dilation == 0) fail("has a kernel size or a dilation of 0");
    if (op.history() > max_history) fail("looks back ", op.history(), " steps; the most is ", max_history);
    if (op.kernel_size > 1 && op.inputs.size() > 1) {
      fail("has ", op.inputs.size(), " inputs; with a kernel size above 1 it can have one");
    }
    const uint32_t domain = value(op.inputs[0]).domain;
    uint64_t channels = 0;
    for (uint32_t input : op.inputs) {
      if (value(input).domain != domain) {
        fail("reads values of domain ", domain, " and domain ", value(input).domain);
      }
      channels += value(input).channels;
    }
    check_weight(op, channels);
    check_rest(op, domain);
  }

  void check_weight(const Op& op, uint64_t channels) {
    const Tensor& weight = own_weight(op);
    if (weight.dims.size() != 3 || weight.dims[1] != op.kernel_size || weight.dims[2] != channels) {
      fail("has a weight of ", shape(weight), "; the kernel size is ", op.kernel_size, ", the inputs' channels ",
           channels);
    }
    if ((weight.type == Type::i8) != (op.scale != -1)) {
      fail("has ", weight.type == Type::i8 ? "an int8 weight without a scale" : "a scale without an int8 weight");
    }
    if (weight.type == Type::i8) check_quantised(op, weight);
  }

  void check_quantised(const Op& op, const Tensor& weight) const {
    check_vector("scale", op.scale, weight.dims[0]);
    for (uint32_t input : op.inputs) {
      if (value(input).step < 0) fail("has an int8 weight, and its input value ", input, " has no step");
    }
    const uint64_t padded = (uint64_t(weight.dims[2]) + 1) / 2 * 2;
    if (op.kernel_size > max_int8_products / padded) {
      fail("sums ", op.kernel_size * padded, " int8 products; the most is ", max_int8_products);
    }
  }

  // What follows the product.
  void check_rest(const Op& op, uint32_t domain) const {
    const uint32_t made = graph_.tensors[op.weight].dims[0];
    if (op.bias != -1) check_vector("bias", op.bias, made);
    check_added(op, made, domain);
    if (op.activation == Activation::gate && made % 2 != 0) {
      fail("has a gate over ", made, " channels, an odd number");
    }
    if (op.activation == Activation::multiply) check_units(op, made);
    check_output(op, made / parts_of(op.activation), domain);
  }

  // They multiply their gates with what the convolution reads.
  void check_units(const Op& op, uint32_t made) const {
    if (op.inputs.size() != 1) fail("has multiplicative units over ", op.inputs.size(), " inputs; they take one");
    const uint32_t channels = value(op.inputs[0]).channels;
    if (made != 4 * uint64_t(channels)) {
      fail("has multiplicative units of ", made, " channels over an input of ", channels, ", not four times as many");
    }
  }

  const Graph& graph_;
  std::vector<bool> written_;
  std::vector<bool> framed_ = std::vector<bool>(graph_.domains.size());  // of each domain, whether frames go to it
  std::vector<int64_t> owner_;  // of each tensor: the op whose weight it is
  size_t index_ = 0;
};

}  // namespace

void check_ops(const Graph& graph) { OpCheck(graph).run(); }

}  // namespace undertow
