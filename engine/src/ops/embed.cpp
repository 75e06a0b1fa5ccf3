// embed      y = table[symbol]      table (num_symbols + 1, C); the last row is the start symbol. Of a vector of E
// symbols, the C of each side by side: E · C.
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class Embed final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const Tensor& table = program_.graph.tensors[op().weight];
    const uint32_t channels = table.dims[1];
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(0, row); tick++) {
        const int64_t* symbols = pass.symbols_of(row, tick);
        float* y = pass.floats(op().output, row, tick);
        for (uint32_t element = 0; element < program_.graph.num_elements(); element++)
          std::copy_n(table.f32() + size_t(symbols[element]) * channels, channels, y + element * channels);
        pass.quantise(op().output, row, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 0);
    check.no_arithmetic(op);
    const Tensor& table = check.own_weight(op);
    if (table.type != Type::f32 || table.dims.size() != 2 || table.dims[0] != check.graph.num_symbols + 1) {
      check.fail("has a table of ", shape(table), " ", name(table.type), "; it must be float32, with a row for each of ",
                 check.graph.num_symbols, " symbols and the start");
    }
    if (check.graph.num_symbols == 0) check.fail("is in a model of floats");
    check.output(op, uint64_t(table.dims[1]) * check.graph.num_elements(), 0);
  }

  uint64_t tick_bytes(const Graph& graph, const Op& op) const override {
    return graph.values[op.output].channels * sizeof(float);
  }

  Stands stands(const Op&) const override { return Stands::both; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Embed>(program, op, slots);
  }
};

}  // namespace

const OpRules& embed_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
