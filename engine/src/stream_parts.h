// What a stream holds.
#pragma once

#include "program.h"
#include "state.h"
#include "undertow/engine.h"
#include "undertow/stream.h"

namespace undertow {

// Known symbols are read, and samples drawn, so many at a time.
constexpr size_t stream_block = 512;

struct Stream::Parts {
  Parts(Model of, const StreamOptions& options);

  void check_length(size_t count) const;
  size_t check_symbols(std::span<const int64_t> symbols) const;  // gives the number of their steps
  size_t count_steps(size_t symbols) const;                      // and this that of so many
  void check_symbolic() const;
  void check_drawn() const;
  void check_pending(std::span<const int64_t> symbols) const;
  void check_inputs(const float* inputs, size_t count) const;
  // The condition of some steps, from that of the first.
  Condition known(const float* condition, size_t count) const;

  void reset();
  // At most a block: read symbols, and write parameters where they are wanted.
  void read(const int64_t* symbols, size_t count, const float* condition, float* params);
  void draw(int64_t* symbols, size_t count, const float* condition);
  void expect(int64_t* symbols, size_t count);  // drawn from `params`, of the last steps that were read
  void transform(const float* in, float* out, size_t count, const float* condition);  // of a model of floats

  Model model;
  Engine engine;
  Sampler sampler;
  uint64_t seed, row, position = 0;
  size_t elements;            // symbols of a step
  std::vector<int64_t> last;  // drawn or read, and not yet fed to the network; the start symbol at first
  Sampling sampling;
  std::vector<float> condition;
  bool every_step;     // whether the condition is needed of every step
  bool nothing_drawn;  // from what it gives: it predicts
  std::vector<int64_t> inputs, drawn;
  std::vector<float> params;  // of a block, for `process`
  std::vector<double> uniforms;
};

}  // namespace undertow
