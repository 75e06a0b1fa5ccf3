// One thread's part of an encoder: some sources at once, whole, op by op.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "aligned.h"
#include "op.h"
#include "pass.h"
#include "program.h"
#include "undertow/encoder.h"

namespace undertow {

class SourceReader {
 public:
  explicit SourceReader(const Program& program);

  // The steps of a row whose source has so many.
  uint64_t steps_of(uint64_t length) const;

  // How many rows, the longest of so many steps, are read at once.
  uint32_t rows_at_once(uint64_t longest) const;

  // Allocate what rows of at most so many steps need, and so many steps in all at once. Throws std::invalid_argument
  // where there are too many.
  void make_room(uint64_t longest, size_t vectors);

  // Read rows, as many as may be at once, the longest first, and write what is given of each to its place.
  void read(const Sources& sources, std::span<const uint32_t> rows, Encoded& encoded);

 private:
  void find_homes();
  void take(const Sources& sources, std::span<const uint32_t> rows);
  void give(size_t op, std::span<const uint32_t> rows, Encoded& encoded) const;

  // Memory that values have one after another.
  struct Home {
    size_t stride = 0;
    bool bytes = false;
    Aligned<float> floats{};
    Aligned<uint8_t> held{};
  };
  // What an op that gives one leaf writes to: its number among those of its part.
  struct Given {
    bool memory;
    size_t leaf;
    size_t keeper = 0, kept = 0;  // the op that has it, and which of its leaves it is
  };

  const Program& program_;
  const Op* stretch_ = nullptr;
  bool loops_ = false;
  size_t room_ = 0;             // vectors that there is memory for
  std::vector<Home> homes_;
  std::vector<size_t> home_of_;  // of each value
  std::vector<Given> given_;     // of each op
  std::vector<std::unique_ptr<Unit>> units_;
  Lanes lanes_;
  std::vector<uint32_t> lengths_;
  std::vector<int64_t> symbols_;  // (lanes, steps): padded
  std::vector<float> inputs_;
  Scratch scratch_;
  Pass pass_;
};

// Leaves for what is given of so many rows of at most so many steps, zeroed.
Encoded empty_encoded(const Graph& graph, int64_t rows, int64_t steps);

}  // namespace undertow
