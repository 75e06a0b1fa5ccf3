// A loop of ops: those from a repeated value's use to its making, tick by tick.
#pragma once

#include <memory>
#include <vector>

#include "op.h"

namespace undertow {

using Units = std::vector<std::unique_ptr<Unit>>;  // one an op

// An op's work on a block; where its outputs are not wanted, only what the state needs.
void work_on_block(const Program& program, const Units& units, size_t op, Pass& pass, bool wanted);

// The ops of a loop as one, which a step needs where a clock has several ticks in it.
class Loop final : public Unit {
 public:
  Loop(const Program& program, size_t begin, size_t end, const Units& units, uint32_t slots);

  size_t end() const { return end_; }
  void run(Pass& pass, bool wanted);

  void block(Pass& pass) override { run(pass, true); }
  void plan(Tasks& tasks, const Pass& step) override;

 private:
  const size_t end_;
  const Units& units_;
};

}  // namespace undertow
