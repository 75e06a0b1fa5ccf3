// A set of rows and the threads that step them together.
//
// Two ways through the same convolutions: a block, many known steps of every row at once, op by op; and a step, whose
// symbol is known only when the step before it is done, cut into tasks that threads share (schedule.h).
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "program.h"
#include "schedule.h"
#include "state.h"
#include "undertow/engine.h"
#include "undertow/sampling.h"

namespace undertow {

class Group {
 public:
  // Rows first_row … first_row + rows - 1 of what an engine is given.
  Group(const Program& program, uint32_t first_row, uint32_t rows, uint32_t threads);

  uint32_t first_row() const { return first_row_; }
  uint32_t rows() const { return rows_; }
  uint32_t threads() const { return uint32_t(schedule_.size()); }

  void reset();
  void feed(const Feed& feed);
  void prepare();                             // by one thread, before `run`
  void run(const Run& run, uint32_t thread);  // by every thread of the group at once
  void conclude(int64_t steps);               // by one thread, after `run`
  void write(uint32_t row, std::vector<Leaf>& leaves) const { state_.write(program_, row, leaves, first_row_ + row); }
  void read(uint32_t row, const std::vector<Leaf>& leaves);

  std::vector<int64_t> pending;  // of each row, the last symbol: drawn, and not yet fed

 private:
  // Where a value's vectors lie: row r, step j at r · row + j · step.
  struct Place {
    float* floats = nullptr;
    uint8_t* bytes = nullptr;
    size_t row = 0, step = 0;
  };

  // One task and the scratch it works in.
  struct Work {
    Task task;
    bool x_stays = false, add_stays = false;  // the pointers are the same at every step, and set; `input` as `x`
    std::vector<const void*> x;
    std::vector<const float*> add, input;
    std::vector<float*> y;
    std::vector<uint8_t*> bytes;
    Aligned<std::byte> gathered;
    uint32_t added = 0;  // the value that is added
    Product product{};
    Finish finish{};
    void (*multiply)(const Product&) = nullptr;
  };

  // A convolution's sums while stepping: of a burst of steps, past taps already in.
  struct Sums {
    uint32_t burst = 1;  // steps whose past taps are added at once: at most the dilation
    uint32_t at = 0, left = 0, next = 1;
    size_t following = 0;  // the next op with past taps that is stepped, in the order of the ops and round again
    Aligned<std::byte> memory;  // (rows, burst, width), four bytes each
  };

  // places (group_memory.cpp)
  void make_places();
  void put_side_by_side();
  bool is_stepped(size_t op) const;
  void make_work();
  void point(Work& work);
  void set_up(Work& work);
  size_t index(uint32_t value, uint32_t j) const;
  const Place& place(uint32_t value) const;
  float* floats(uint32_t value, uint32_t row, uint32_t j) const;
  uint8_t* bytes(uint32_t value, uint32_t row, uint32_t j) const;
  const void* held(Type type, uint32_t value, uint32_t row, uint32_t j) const;
  const void* input(size_t op, const Block& block, uint32_t row, uint32_t j, std::byte* gathered) const;

  // a block of steps (group_block.cpp)
  void run_block(size_t op);
  void embed(const Op& op);
  void take_condition(const Op& op);
  void frame(size_t op);
  void unframe(size_t op);
  void normalise(size_t op);
  void add(const Op& op);
  void convolve(size_t op);
  void gather_past(size_t op, uint32_t lag);
  void store_block(size_t op);
  void quantise(uint32_t value, uint32_t row, uint32_t j);
  void condition_of(const Condition& condition, int64_t step, uint32_t num_steps);

  // one step (group_step.cpp)
  void work_on(Work& work);
  void begin_step(const Run& run, int64_t step);
  void add_past(Work& work);
  void fetch_past(size_t op) const;
  void add_now(Work& work);
  void store(size_t op);
  void draw(const Run& run, int64_t step);
  void forget_sums();
  void wait(uint32_t thread, uint64_t count);

  void (*product_of(Type type) const)(const Product&);
  uint32_t domain_of(const Op& op) const { return program_.graph.values[op.output].domain; }

  const Program& program_;
  uint32_t first_row_, rows_;
  uint32_t block_;                         // steps a block may have
  State state_;
  Sampler sampler_;
  Schedule schedule_;
  Schedule alone_;                               // the first thread's, when the others have no core to run on
  int turns_alone_ = 0;                          // runs for which it goes alone
  std::atomic<int64_t> naps_{0};                 // times that a thread of this run slept

  std::vector<Place> block_places_, step_places_;
  std::vector<bool> side_by_side_;               // of each op, whether a step finds its inputs in one stretch
  Aligned<float> block_floats_, step_floats_;
  Aligned<uint8_t> block_bytes_, step_bytes_;

  // Which places the accessors below give. The first thread switches it while others may be at past taps: those read
  // rings alone.
  bool stepping_ = false;
  std::vector<uint32_t> capacity_;               // of each domain, ticks a block may have
  std::vector<std::vector<uint32_t>> counts_;    // of each domain and row, ticks of this block
  std::vector<std::vector<uint32_t>> phases_;    // inputs pending of its frame when the block began
  const int64_t* symbols_ = nullptr;             // (rows, symbol_stride_): what is embedded
  size_t symbol_stride_ = 0;
  Condition condition_{};                        // where its first step is the block's
  uint32_t ahead_at_ = 0;                        // the current step in the block of what is known ahead
  int64_t ahead_until_ = 0;                      // steps of this run for which it is known

  // scratch of blocks
  std::vector<const void*> x_;
  std::vector<const float*> add_, input_;
  std::vector<float*> y_;
  std::vector<uint8_t*> y_bytes_;
  Aligned<std::byte> gathered_, acc_;

  std::vector<Sums> sums_;                       // one an op
  std::vector<Work> work_;                       // one a task
  std::vector<double> uniforms_;
  std::unique_ptr<Progress[]> progress_;         // of each thread, tasks done in this run
};

}  // namespace undertow
