// A sequence of a model, drawn and read step after step; nothing allocates after it is made, except texts and the caches
// of models that attend over their past.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "undertow/model.h"
#include "undertow/sampling.h"

namespace undertow {

struct StreamOptions {
  uint64_t seed = 0;                                 // with `row` and the step it gives the noise, as in Python
  uint64_t row = 0;
  std::string label = {};                            // a class that one label has, such as "theo"; or:
  std::map<std::string, std::string> labels = {};    // a class by label name
  Sampling sampling = {};
  uint32_t threads = 1;                              // the caller is the first
};

// One thread at a time may use a stream. What throws leaves it as it was, unless it says otherwise.
//
// A model of features wants the condition of every step: (steps, condition_channels) floats, which begin with those of
// the labels (`Model::condition`). Other models need none. Where a step is a vector, symbols are (steps, num_elements).
class Stream {
 public:
  // Before the first symbol.
  explicit Stream(Model model, const StreamOptions& options = {});
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  // Read symbols that are known. With `params`, also write the parameters of the distribution of each of them, given
  // those before it: (steps, num_params). Of a model that predicts, such as a classifier, write what it gives after each.
  void feed(std::span<const int64_t> symbols, const float* condition = nullptr, float* params = nullptr);

  // Draw the symbols that follow. Throws where the model's output is not a number; draw no more after that.
  void draw(std::span<int64_t> symbols, const float* condition = nullptr);

  // Read known symbols, and draw for each the one that the model expects in its place, given those before it. At a
  // temperature of 0 that is its prediction. The two may be the same memory.
  void process(std::span<const int64_t> in, std::span<int64_t> out, const float* condition = nullptr);

  // The same of sound, as samples from -1 to 1. A model of floats maps (count, input_channels) to (count, num_params), and
  // each output is of the inputs up to its own step; nothing is drawn from it.
  void feed(const float* samples, size_t count, const float* condition = nullptr);
  void draw(float* samples, size_t count, const float* condition = nullptr);
  void process(const float* in, float* out, size_t count, const float* condition = nullptr);

  // The same of text. What is drawn may end within a character.
  void feed(std::string_view text);
  std::string draw_text(size_t count);

  // Room for so many more symbols: a model that attends over its past keeps more with every symbol, and else allocates
  // now and then.
  void reserve(size_t count);

  void reset();                    // back before the first symbol
  uint64_t position() const;       // symbols so far
  uint32_t threads_used() const;   // 1 where one was found faster than those that were wished for
  const Model& model() const;
  void set_sampling(const Sampling& sampling);

  // Everything that the next symbols depend on, as bytes; and a stream of the same model as it was then, options too.
  // Throws where the bytes are damaged, or of another model.
  std::vector<std::byte> save() const;
  void load(std::span<const std::byte> saved);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace undertow
