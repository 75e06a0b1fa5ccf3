// A group's memory: where values lie, and the scratch of its tasks. All of it is allocated here, none while stepping.
#include <algorithm>
#include <utility>

#include "group.h"

namespace undertow {

namespace {

constexpr uint32_t block_vectors = 128;  // of one value in a block, over all rows
constexpr uint32_t burst_vectors = 6;    // past taps' products are shared by about so many steps and rows

uint32_t burst_of(uint32_t rows) { return std::max(1u, burst_vectors / rows); }

}  // namespace

Group::Group(const Program& program, uint32_t first_row, uint32_t rows, uint32_t threads)
    : pending(rows, program.graph.num_symbols), program_(program), first_row_(first_row), rows_(rows),
      block_(std::max(1u, block_vectors / rows)), state_(program, rows),
      sampler_(program.graph.emission, program.graph.num_symbols, program.num_params(), program.kernels.softmax),
      uniforms_(sampler_.num_uniforms()), progress_(new Progress[threads]) {
  make_places();
  auto tasks = step_tasks(program, rows, threads, burst_of(rows));
  schedule_ = make_schedule(tasks, threads);
  alone_ = make_schedule(tasks, 1);
  for (Task& task : tasks) work_.emplace_back().task = std::move(task);
  make_work();
  forget_sums();
}

void Group::make_places() {
  const Graph& graph = program_.graph;
  for (const Domain& domain : graph.domains) {
    const bool base = capacity_.empty();
    capacity_.push_back(base ? block_ : (capacity_[domain.parent] + domain.period - 1) / domain.period + 1);
    counts_.emplace_back(rows_);
    phases_.emplace_back(rows_);
  }
  const auto take = [](size_t& total, size_t size) { return total += size, total - size; };
  size_t num_floats = 0, num_bytes = 0;
  std::vector<std::pair<size_t, size_t>> offsets;
  for (size_t v = 0; v < graph.values.size(); v++) {
    const Holding& holding = program_.holding(v);
    const size_t size = rows_ * holding.stride * capacity_[graph.values[v].domain];
    offsets.push_back({take(num_floats, size), take(num_bytes, holding.bytes ? size : 0)});
  }
  block_floats_ = Aligned<float>(num_floats), block_bytes_ = Aligned<uint8_t>(num_bytes);
  for (size_t v = 0; v < graph.values.size(); v++) {
    const Holding& holding = program_.holding(v);
    uint8_t* bytes = holding.bytes ? block_bytes_.data() + offsets[v].second : nullptr;
    block_places_.push_back({block_floats_.data() + offsets[v].first, bytes,
                             capacity_[graph.values[v].domain] * holding.stride, holding.stride});
  }
  put_side_by_side();
}

// Lay out a step's values so that a convolution of several finds them in one stretch, where they fill whole groups of
// lanes, so that nothing is written beyond them; nor is anything read beyond, as a gate of uneven halves does.
void Group::put_side_by_side() {
  const Graph& graph = program_.graph;
  std::vector<uint32_t> first(graph.values.size()), stride(graph.values.size()), before(graph.values.size());
  std::vector<bool> placed(graph.values.size());  // or not to be
  side_by_side_.assign(graph.ops.size(), false);
  for (const Op& op : graph.ops)
    if (op.add >= 0 && graph.values[op.output].channels % lane_group != 0) placed[op.add] = true;
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const std::vector<uint32_t>& inputs = graph.ops[i].inputs;
    const bool fits = inputs.size() > 1 && std::all_of(inputs.begin(), inputs.end(), [&](uint32_t v) {
      return !placed[v] && !program_.holding(v).ahead && graph.values[v].domain == 0 &&
             graph.values[v].channels % lane_group == 0 && std::count(inputs.begin(), inputs.end(), v) == 1;
    });
    if (!fits) continue;
    side_by_side_[i] = true;
    uint32_t total = 0;
    for (uint32_t v : inputs) placed[v] = true, first[v] = inputs[0], before[v] = total, total += graph.values[v].channels;
    for (uint32_t v : inputs) stride[v] = uint32_t(round_up(total, panel_width)) + lane_group;
  }
  size_t size = 0;
  std::vector<size_t> offset(graph.values.size());
  for (size_t v = 0; v < graph.values.size(); v++) {
    if (stride[v] == 0) first[v] = uint32_t(v), stride[v] = uint32_t(program_.holding(v).stride);
    if (first[v] == v) offset[v] = size, size += size_t(rows_) * stride[v];
  }
  step_floats_ = Aligned<float>(size), step_bytes_ = Aligned<uint8_t>(size);
  for (size_t v = 0; v < graph.values.size(); v++) {
    const size_t at = offset[first[v]] + before[v];
    step_places_.push_back({step_floats_.data() + at, program_.holding(v).bytes ? step_bytes_.data() + at : nullptr,
                            stride[v], 0});
  }
}

// Whether an op is a convolution that steps work on task by task, not as a block of one.
bool Group::is_stepped(size_t i) const {
  const Op& op = program_.graph.ops[i];
  return op.kind == OpKind::conv && domain_of(op) == 0 && !program_.holding(op.output).ahead;
}

void Group::make_work() {
  const size_t most_steps = *std::max_element(capacity_.begin(), capacity_.end());
  const size_t most = rows_ * most_steps;
  size_t gathered = 0, width = 0;
  sums_.resize(program_.graph.ops.size());
  for (size_t i = 0; i < program_.graph.ops.size(); i++) {
    const Op& op = program_.graph.ops[i];
    if (op.kind != OpKind::conv) continue;
    const Conv& conv = program_.conv(i);
    if (op.inputs.size() > 1) gathered = std::max(gathered, round_up(conv.depth, 64) * sizeof(float));
    width = std::max<size_t>(width, conv.width);
    if (!is_stepped(i)) continue;
    if (!conv.past.empty()) sums_[i].burst = std::min(burst_of(rows_), conv.dilation);
    sums_[i].memory = Aligned<std::byte>(rows_ * sums_[i].burst * size_t(conv.width) * sizeof(float));
  }
  size_t following = 0;
  for (size_t round = 2 * sums_.size(); round-- > 0;) {
    const size_t i = round % sums_.size();
    sums_[i].following = following;
    if (is_stepped(i) && !program_.conv(i).past.empty()) following = i;
  }
  x_.resize(most), add_.resize(most), input_.resize(most), y_.resize(most), y_bytes_.resize(most);
  gathered_ = Aligned<std::byte>(most * gathered);
  acc_ = Aligned<std::byte>(most * width * sizeof(float));
  for (Work& work : work_) {
    const Task& task = work.task;
    if (task.kind != Task::Kind::past && task.kind != Task::Kind::now) continue;
    const Op& op = program_.graph.ops[task.op];
    work.x.resize(rows_ * sums_[task.op].burst);
    work.add.resize(rows_), work.input.resize(rows_);
    if (task.kind == Task::Kind::now && op.inputs.size() > 1 && !side_by_side_[task.op])
      work.gathered = Aligned<std::byte>(rows_ * round_up(program_.conv(task.op).now[task.block].depth, 64) *
                                         sizeof(float));
    point(work);
    if (task.kind == Task::Kind::now) set_up(work);
  }
}

// Set the pointers of a task that stay where they are from step to step.
void Group::point(Work& work) {
  const Task& task = work.task;
  const Op& op = program_.graph.ops[task.op];
  const Place& y = step_places_[op.output];
  for (uint32_t row = 0; row < rows_; row++) {
    work.y.push_back(y.floats + row * y.row);
    if (y.bytes) work.bytes.push_back(y.bytes + row * y.row);
  }
  if (task.kind != Task::Kind::now) return;
  const Block& block = program_.conv(task.op).now[task.block];
  stepping_ = true;
  const bool direct = op.inputs.size() == 1 || side_by_side_[task.op];
  work.x_stays = direct && !program_.holding(op.inputs[block.first_input]).ahead;
  work.add_stays = !task.last || op.add < 0 || !program_.holding(op.add).ahead;
  for (uint32_t row = 0; row < rows_; row++) {
    if (work.x_stays) work.x[row] = held(program_.conv(task.op).type, op.inputs[block.first_input], row, 0);
    if (work.x_stays) work.input[row] = floats(op.inputs[block.first_input], row, 0);
    if (work.add_stays && task.last && op.add >= 0) work.add[row] = floats(uint32_t(op.add), row, 0);
  }
}

// What a task asks of the kernels, but for where its sums are in the burst.
void Group::set_up(Work& work) {
  const Task& task = work.task;
  const Op& op = program_.graph.ops[task.op];
  const Conv& conv = program_.conv(task.op);
  const Block& block = conv.now[task.block];
  const Holding& holding = program_.holding(op.output);
  const size_t stride = sums_[task.op].burst * size_t(conv.width);
  const bool starts = task.block == 0 && conv.past.empty(), integer = conv.type == Type::i8;
  const uint32_t parts = parts_of(op.activation);
  work.multiply = product_of(conv.type);
  work.product = {program_.memory(block.offset), block.depth, task.begin, task.end, rows_, work.x.data(), nullptr,
                  stride, starts ? program_.memory(conv.start) : nullptr};
  work.finish = {op.activation, task.begin / parts, task.end / parts, rows_, nullptr, stride,
                 integer ? program_.floats(conv.scale) : nullptr, integer ? program_.floats(conv.bias) : nullptr,
                 op.add >= 0 ? work.add.data() : nullptr, conv.channels, holding.floats ? work.y.data() : nullptr,
                 holding.bytes ? work.bytes.data() : nullptr, holding.inverse_step.data(), holding.zero_point,
                 work.input.data()};
  if (op.add >= 0) work.added = uint32_t(op.add);
}

const Group::Place& Group::place(uint32_t value) const {
  const bool step = stepping_ && !program_.holding(value).ahead && program_.graph.values[value].domain == 0;
  return step ? step_places_[value] : block_places_[value];
}

// Where step j of a value lies; while stepping, what is known ahead lies further on.
size_t Group::index(uint32_t value, uint32_t j) const {
  return stepping_ && program_.holding(value).ahead ? ahead_at_ : j;
}

float* Group::floats(uint32_t value, uint32_t row, uint32_t j) const {
  const Place& at = place(value);
  return at.floats + row * at.row + index(value, j) * at.step;
}

uint8_t* Group::bytes(uint32_t value, uint32_t row, uint32_t j) const {
  const Place& at = place(value);
  return at.bytes + row * at.row + index(value, j) * at.step;
}

const void* Group::held(Type type, uint32_t value, uint32_t row, uint32_t j) const {
  return type == Type::i8 ? static_cast<const void*>(bytes(value, row, j)) : floats(value, row, j);
}

// A part of a convolution's current inputs: where they lie, or gathered side by side.
const void* Group::input(size_t i, const Block& block, uint32_t row, uint32_t j, std::byte* gathered) const {
  const Op& op = program_.graph.ops[i];
  const Type type = program_.conv(i).type;
  if (op.inputs.size() == 1) return held(type, op.inputs[0], row, j);
  const size_t item = type == Type::i8 ? 1 : sizeof(float);
  std::byte* target = gathered;
  for (uint32_t n = block.first_input; n < block.last_input; n++) {
    const uint32_t value = op.inputs[n];
    const size_t size = program_.graph.values[value].channels * item;
    target = std::copy_n(static_cast<const std::byte*>(held(type, value, row, j)), size, target);
  }
  return gathered;
}

void (*Group::product_of(Type type) const)(const Product&) {
  const Kernels& kernels = program_.kernels;
  return type == Type::i8 ? kernels.product_i8 : type == Type::bf16 ? kernels.product_bf16 : kernels.product_f32;
}

}  // namespace undertow
