// Reads whole sources, of which a decoder then writes: the other half of a translator's model file.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "undertow/leaf.h"

namespace undertow {

class Program;
class SourceReader;
class Team;

// Sources: symbols, their end symbol among them, or vectors of floats.
struct Sources {
  const int64_t* symbols;         // (rows, stride); null where steps are floats
  const float* inputs;            // (rows, stride, input channels), where they are
  int64_t rows, stride;
  const int64_t* lengths;         // of each row, its steps: from 1 to stride
};

// What a decoder begins with: for Engine::set_memory, the memory of each source and their "lengths", zeros behind them;
// and leaves of the decoder's state before its first step, a row each.
struct Encoded {
  std::vector<Leaf> memory, first;
};

// One thread at a time may use an encoder. A row's numbers are the same beside any others, on any number of threads.
class Encoder {
 public:
  // Throws std::invalid_argument where the program is no encoder's.
  Encoder(std::shared_ptr<const Program> program, uint32_t threads);
  ~Encoder();

  // Throws std::invalid_argument where a length or a symbol is out of bounds, or there are more steps than the model takes.
  Encoded encode(const Sources& sources);

  const Program& program() const { return *program_; }

 private:
  void check(const Sources& sources) const;

  std::shared_ptr<const Program> program_;
  std::vector<std::unique_ptr<SourceReader>> readers_;  // one a thread
  std::unique_ptr<Team> team_;
  std::atomic_flag reading_;
};

// A translator's model file is two, one behind the other: the decoder's, then the encoder's. The second is empty where
// there is none.
std::pair<std::span<const std::byte>, std::span<const std::byte>> files_in(std::span<const std::byte> file);

}  // namespace undertow
