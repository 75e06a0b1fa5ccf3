// A model from its file, and what the file says of it. The C++ face of the engine is this header and stream.h:
//
//   undertow::Stream stream(undertow::load("runs/digits-int8/model.engine"), {.seed = 1, .label = "theo"});
//   stream.draw(samples, n);
//
// Everything throws undertow::Error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "undertow/alphabet.h"

namespace undertow {

class Program;

// A label that a model is conditioned on, such as the speaker, and its classes.
struct Label {
  std::string name;
  std::vector<std::string> classes;
};

// What a model file is known by: its length, checksum, and the digests of what it was made of.
using Identity = std::array<std::byte, 76>;

// Weights, ready to run, and facts. Copies share them; any number of threads may read one.
class Model {
 public:
  // The bytes of a file; they are copied. The instruction set is the processor's best, or "scalar", "avx2", …
  explicit Model(std::span<const std::byte> file, std::string_view isa = "auto");

  const Alphabet& alphabet() const;
  uint32_t sample_rate() const;      // Hz; 0: steps have no rate
  uint64_t receptive_field() const;  // past symbols that the next one depends on; 0: all of them
  uint64_t max_length() const;       // most symbols of a stream; 0: any number
  const std::vector<Label>& labels() const;

  // The condition of a step: vectors of the labels, then upsampled features where the model has them.
  uint32_t condition_channels() const;
  uint32_t label_channels() const;
  // The part of the labels, of classes by label name; an unknown label adds nothing. Then zeros.
  std::vector<float> condition(const std::map<std::string, std::string>& classes) const;
  // The same of a class that only one label has.
  std::vector<float> condition(std::string_view only) const;

  const char* precision() const;  // "float32", "bfloat16" or "int8"
  std::string isa() const;
  uint32_t num_params() const;    // of the distribution of a step; of a model of floats, its outputs
  uint32_t num_elements() const;  // symbols of a step, side by side: more than 1 where a step is a vector
  uint32_t input_channels() const;  // floats of a step; 0: steps are symbols
  uint64_t weight_bytes() const;  // read in a step, on average
  uint64_t state_bytes() const;
  const Facts& facts() const;
  const Identity& identity() const;

  const std::shared_ptr<const Program>& program() const;  // for undertow/engine.h

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

// The model in a file.
Model load(const std::filesystem::path& file, std::string_view isa = "auto");

}  // namespace undertow
