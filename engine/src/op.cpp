#include "op.h"

#include "memory.h"
#include "program.h"
#include "schedule.h"

namespace undertow {

#define UNDERTOW_DECLARE(kind) const OpRules& kind##_rules();
UNDERTOW_OPS(UNDERTOW_DECLARE)
#undef UNDERTOW_DECLARE

const OpRules& rules_of(OpKind kind) {
#define UNDERTOW_RULES(kind) &kind##_rules(),
  static const OpRules* const rules[] = {UNDERTOW_OPS(UNDERTOW_RULES)};
#undef UNDERTOW_RULES
  return *rules[size_t(kind)];
}

Unit::Unit(const Program& program, size_t op, uint32_t slots)
    : program_(program), index_(op), slots_(slots), op_(program.graph.ops[op]),
      domain_(program.graph.values[op_.output].domain) {}

std::vector<MemoryShape> OpRules::memory(const Graph&, const Op&) const { return {}; }

void Unit::plan(Tasks& tasks, const Pass&) { tasks.push_whole(index_, op_); }

}  // namespace undertow
