#include "loop.h"

#include "pass.h"
#include "program.h"
#include "schedule.h"

namespace undertow {

void work_on_block(const Program& program, const Units& units, size_t op, Pass& pass, bool wanted) {
  if (wanted || program.feeds_state(op))
    units[op]->block(pass);
  else
    units[op]->keep(pass);
  for (size_t repeater : program.repeaters(op)) units[repeater]->keep_repeated(pass);
}

Loop::Loop(const Program& program, size_t begin, size_t end, const Units& units, uint32_t slots)
    : Unit(program, begin, slots), end_(end), units_(units) {}

void Loop::run(Pass& pass, bool wanted) {
  const uint32_t ticks = pass.most_ticks(domain());
  for (uint32_t tick = 0; tick < ticks; tick++) {
    pass.narrow(domain(), tick);
    for (size_t op = index_; op < end_; op++) work_on_block(program_, units_, op, pass, wanted);
  }
  if (ticks > 0) pass.widen(domain());
}

void Loop::plan(Tasks& tasks, const Pass&) {
  Task task{.op = index_, .pinned = true, .cost = task_ns * double(end_ - index_)};
  const auto each = [&](auto&& work) {
    for (size_t op = index_; op < end_; op++) work(program_.graph.ops[op]);
  };
  tasks.need_clock(task, domain());
  each([&](const Op& op) {
    for (uint32_t input : op.inputs) tasks.need(task, input);
    if (op.add >= 0) tasks.need(task, uint32_t(op.add));
  });
  const uint32_t pushed = tasks.push(std::move(task));
  each([&](const Op& op) { tasks.makes(op.output, {pushed}); });
}

}  // namespace undertow
