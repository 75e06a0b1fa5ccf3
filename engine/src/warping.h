// Distances of sequences by dynamic time warping, in double precision; the same bits for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace undertow {

// What is between two frames of C numbers; the frames of `angular` have length 1, or are all zeros (null), and those of
// `kl_symmetric` hold C / 2 probabilities, then the logarithm of each.
enum class FrameDistance : uint32_t {
  angular,       // the angle as a share of a half turn; 1 from a null frame to any other, 0 from null to null
  euclidean,     // the length of the difference
  kl_symmetric,  // half the sum of (p - q)·(log p - log q)
  identical,     // 0 if all numbers are the same, or else 1
};

// Sequence i has frames starts[i] to starts[i + 1] - 1, at least one; a frame is `channels` numbers.
struct Sequences {
  const double* frames;
  size_t channels;
  std::span<const int64_t> starts;
};

// distances (rows, columns): of each sequence of `rows` from each of `columns`, both named by their numbers. A distance
// is the sum of frame distances along the cheapest path, divided by the frames on it. A path steps from (i - 1, j - 1),
// (i, j - 1) or (i - 1, j), of equal ones from the first in this order; i counts the frames of the row's sequence.
//
// Mirrored: columns are the rows. Then what is above the diagonal is put below it, too, and the diagonal is 0.
//
// Throws std::invalid_argument where there is no such sequence, or one is empty.
void warp(FrameDistance kind, const Sequences& sequences, std::span<const int64_t> rows,
          std::span<const int64_t> columns, bool mirrored, double* distances);

// The arc cosine of a number from -1 to 1, in plain arithmetic, within 4e-16.
double arc_cosine(double x);

}  // namespace undertow
