// Every kind of op, in the order of the numbers that model files have for them: append new ones, and never reorder.
// `op(name)` stands for `OpKind::name`, and for the rules in src/ops/name.cpp, which say what it computes.
#pragma once

#include <cstdint>

#define UNDERTOW_OPS(op)                                                            \
  op(embed) op(condition) op(conv) op(frame) op(unframe) op(norm) op(add)           \
  op(previous) op(lstm) op(gru) op(column) op(floats) op(position) op(rotation)     \
  op(attention) op(attend) op(recall) op(mutual) op(reverse) op(stretch) op(give) \
  op(turn) op(unturn) op(row) op(unrow) op(shrink) op(grow) op(concat_elu) op(product)

namespace undertow {

#define UNDERTOW_KIND(name) name,
enum class OpKind : uint32_t { UNDERTOW_OPS(UNDERTOW_KIND) };
#undef UNDERTOW_KIND

#define UNDERTOW_COUNT(name) +1
constexpr uint32_t num_op_kinds = UNDERTOW_OPS(UNDERTOW_COUNT);
#undef UNDERTOW_COUNT

}  // namespace undertow
