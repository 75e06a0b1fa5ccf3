// Dynamic time warping against its definition: every path walked, distances by long double.
#include "warping.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace undertow;

namespace {

struct Sounds {
  size_t channels;
  std::vector<std::vector<double>> values;  // of each, frame after frame
  std::vector<double> frames;
  std::vector<int64_t> starts{0};

  void add(const std::vector<double>& sound) {
    values.push_back(sound);
    frames.insert(frames.end(), sound.begin(), sound.end());
    starts.push_back(int64_t(frames.size() / channels));
  }

  std::vector<double> distances(FrameDistance kind, const std::vector<int64_t>& rows,
                                const std::vector<int64_t>& columns, bool mirrored = false) const {
    std::vector<double> found(rows.size() * columns.size());
    warp(kind, {frames.data(), channels, starts}, rows, columns, mirrored, found.data());
    return found;
  }
};

long double between(FrameDistance kind, const double* x, const double* y, size_t channels) {
  long double product = 0, squares = 0, divergence = 0;
  bool same = true, null_x = true, null_y = true;
  for (size_t c = 0; c < channels; c++) {
    product += (long double)(x[c]) * y[c], squares += ((long double)(x[c]) - y[c]) * ((long double)(x[c]) - y[c]);
    same &= x[c] == y[c], null_x &= x[c] == 0, null_y &= y[c] == 0;
  }
  for (size_t c = 0; c < channels / 2; c++)
    divergence += ((long double)(x[c]) - y[c]) * ((long double)(x[c + channels / 2]) - y[c + channels / 2]) / 2;
  switch (kind) {
    case FrameDistance::angular:
      if (null_x || null_y) return null_x && null_y ? 0 : 1;
      return std::acos(std::clamp(product, -1.0L, 1.0L)) / std::acos(-1.0L);
    case FrameDistance::euclidean: return std::sqrt(squares);
    case FrameDistance::kl_symmetric: return divergence;
    default: return same ? 0 : 1;
  }
}

// The least sum to (i, j), and the frames on its path: by recursion, from the end.
std::pair<long double, int> cheapest(const std::vector<std::vector<long double>>& d, size_t i, size_t j) {
  if (i == 0 && j == 0) return {d[0][0], 1};
  std::pair<long double, int> best{-1, 0};
  const auto consider = [&](size_t k, size_t l) {
    const auto one = cheapest(d, k, l);
    if (best.second == 0 || one.first < best.first) best = one;
  };
  if (i > 0 && j > 0) consider(i - 1, j - 1);
  if (j > 0) consider(i, j - 1);
  if (i > 0) consider(i - 1, j);
  return {best.first + d[i][j], best.second + 1};
}

long double expected(FrameDistance kind, const std::vector<double>& x, const std::vector<double>& y, size_t channels) {
  std::vector<std::vector<long double>> d;
  for (size_t i = 0; i < x.size() / channels; i++) {
    d.emplace_back();
    for (size_t j = 0; j < y.size() / channels; j++)
      d.back().push_back(between(kind, &x[i * channels], &y[j * channels], channels));
  }
  const auto [sum, length] = cheapest(d, d.size() - 1, d[0].size() - 1);
  return sum / length;
}

Sounds random_sounds(FrameDistance kind, size_t channels) {
  std::mt19937 random(channels);
  Sounds sounds{channels, {}, {}};
  for (size_t length : {1, 2, 5, 6, 1, 4, 3}) {
    std::vector<double> sound;
    for (size_t i = 0; i < length; i++) {
      std::vector<double> frame(channels);
      double squares = 0;
      for (double& one : frame) {
        one = kind == FrameDistance::identical ? double(random() % 2) : double(random() % 2001) / 1000 - 1;
        squares += one * one;
      }
      if (kind == FrameDistance::angular)
        for (double& one : frame) one = random() % 7 == 0 ? one : one / std::sqrt(squares);
      if (kind == FrameDistance::angular && i == 1) std::fill(frame.begin(), frame.end(), 0.0);
      sound.insert(sound.end(), frame.begin(), frame.end());
    }
    sounds.add(sound);
  }
  return sounds;
}

constexpr FrameDistance kinds[] = {FrameDistance::angular, FrameDistance::euclidean, FrameDistance::kl_symmetric,
                                   FrameDistance::identical};

}  // namespace

TEST_CASE("the distance of two sequences is the mean along the cheapest of all paths") {
  const std::vector<int64_t> rows{0, 1, 2, 6}, columns{3, 4, 5, 0, 2};
  for (FrameDistance kind : kinds)
    for (size_t channels : {2, 4, 10}) {
      const Sounds sounds = random_sounds(kind, channels);
      const auto found = sounds.distances(kind, rows, columns);
      for (size_t i = 0; i < rows.size(); i++)
        for (size_t j = 0; j < columns.size(); j++) {
          const long double right = expected(kind, sounds.values[rows[i]], sounds.values[columns[j]], channels);
          INFO(int(kind), " ", channels, " ", rows[i], " ", columns[j]);
          CHECK(std::abs(found[i * columns.size() + j] - right) < 1e-7);  // of an angle near 0 half the digits are left
        }
    }
}

TEST_CASE("mirrored, what is above the diagonal is below it too") {
  const std::vector<int64_t> rows{2, 3, 5, 6};
  const Sounds sounds = random_sounds(FrameDistance::identical, 1);
  const auto whole = sounds.distances(FrameDistance::identical, rows, rows);
  const auto found = sounds.distances(FrameDistance::identical, rows, rows, true);
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 4; j++)
      CHECK(found[4 * i + j] == (i == j ? 0 : whole[4 * std::min(i, j) + std::max(i, j)]));
}

TEST_CASE("of equal sums a path comes from the diagonal, then from the left") {
  Sounds sounds{1, {}, {}};
  sounds.add({0, 1});
  sounds.add({0, 1, 1});
  sounds.add({5, 0, 0, 7});
  sounds.add({0, 0, 7, 5});
  CHECK(sounds.distances(FrameDistance::identical, {0}, {1})[0] == 0);
  const auto right = expected(FrameDistance::identical, sounds.values[2], sounds.values[3], 1);
  CHECK(sounds.distances(FrameDistance::identical, {2}, {3})[0] == double(right));
}

TEST_CASE("an arc cosine is that of long double") {
  for (int i = -20000; i <= 20000; i++) {
    const double x = i / 20000.0;
    CHECK(std::abs(arc_cosine(x) - std::acos((long double)(x))) < 5e-16L);
  }
  CHECK(arc_cosine(1) == 0);
}

TEST_CASE("a sequence that is not there or is empty is refused") {
  Sounds sounds{2, {}, {}};
  sounds.add({1, 2});
  sounds.add({});
  for (const std::vector<int64_t>& rows : {std::vector<int64_t>{-1}, {1}, {2}, {int64_t(1) << 60}})
    CHECK_THROWS_AS(sounds.distances(FrameDistance::euclidean, rows, {0}), std::invalid_argument);
  CHECK_THROWS_AS(sounds.distances(FrameDistance::euclidean, {0}, {0, 0}, true), std::invalid_argument);
  CHECK(sounds.distances(FrameDistance::euclidean, {}, {0}).empty());
}
