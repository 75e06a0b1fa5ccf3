#include "warping.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace undertow {

namespace {

constexpr size_t tile = 8;  // columns whose sums are in registers together

// asin(s) = s + s·z·P(z) with z = s², up to z = 1/4: Chebyshev's fit, off by 4e-18; the highest power first.
constexpr std::array<double, 13> arc_sine = {
    0.028757851367421564708,  -0.014851887071247203224, 0.017400879442694022443, 0.0054575067186403583004,
    0.010322814350185779287,  0.011479177415184905896,  0.013971212973552933304, 0.017352392720869972942,
    0.022372172942149887875,  0.030381944138531247287,  0.044642857146355429783, 0.074999999999984329332,
    0.16666666666666667827,
};

inline double arc(double x) {
  const double a = std::fabs(x);
  const bool steep = a > 0.5;
  const double z = steep ? (1 - a) * 0.5 : a * a;
  const double root = std::sqrt(z);
  const double s = steep ? root : a;
  double p = arc_sine[0];
  for (size_t i = 1; i < arc_sine.size(); i++) p = p * z + arc_sine[i];
  const double asine = s + s * (z * p);
  const double acosine = steep ? asine + asine : std::numbers::pi / 2 - asine;
  return x < 0 ? std::numbers::pi - acosine : acosine;
}

// The frames of a sequence with channels first, (channels, width), whose width is a multiple of the tile.
struct Turned {
  std::vector<double> values;
  std::vector<uint8_t> null;
  size_t length = 0, width = 0;

  Turned(const double* frames, size_t length, size_t channels)
      : values(channels * round_up(length)), null(length), length(length), width(round_up(length)) {
    for (size_t j = 0; j < length; j++) {
      const double* frame = frames + j * channels;
      for (size_t c = 0; c < channels; c++) values[c * width + j] = frame[c];
      null[j] = std::all_of(frame, frame + channels, [](double x) { return x == 0; });
    }
  }

  static size_t round_up(size_t length) { return (length + tile - 1) / tile * tile; }
};

// sums[j] = the sum over channels, in their order, of term(frame's, column j's).
template <class Term>
void sums_of(const double* frame, const Turned& columns, size_t channels, double* sums, Term term) {
  for (size_t first = 0; first < columns.width; first += tile) {
    double sum[tile] = {};
    for (size_t c = 0; c < channels; c++) {
      const double* column = columns.values.data() + c * columns.width + first;
      for (size_t j = 0; j < tile; j++) sum[j] += term(frame[c], column[j]);
    }
    std::copy(sum, sum + tile, sums + first);
  }
}

void symmetric_kl(const double* frame, const Turned& columns, size_t channels, double* sums) {
  const size_t half = channels / 2;
  for (size_t first = 0; first < columns.width; first += tile) {
    double sum[tile] = {};
    for (size_t c = 0; c < half; c++) {
      const double* p = columns.values.data() + c * columns.width + first;
      const double* log_p = p + half * columns.width;
      for (size_t j = 0; j < tile; j++) sum[j] += (frame[c] - p[j]) * (frame[c + half] - log_p[j]);
    }
    for (size_t j = 0; j < tile; j++) sums[first + j] = sum[j] * 0.5;
  }
}

// The distances of one frame from all of a sequence.
void measure(FrameDistance kind, const double* frame, bool null, const Turned& columns, size_t channels,
             double* found) {
  switch (kind) {
    case FrameDistance::angular:
      sums_of(frame, columns, channels, found, [](double x, double y) { return x * y; });
      for (size_t j = 0; j < columns.width; j++)
        found[j] = arc(std::min(1.0, std::max(-1.0, found[j]))) / std::numbers::pi;
      for (size_t j = 0; j < columns.length; j++)
        if (null || columns.null[j]) found[j] = null && columns.null[j] ? 0.0 : 1.0;
      return;
    case FrameDistance::euclidean:
      sums_of(frame, columns, channels, found, [](double x, double y) { return (x - y) * (x - y); });
      for (size_t j = 0; j < columns.width; j++) found[j] = std::sqrt(found[j]);
      return;
    case FrameDistance::kl_symmetric: symmetric_kl(frame, columns, channels, found); return;
    case FrameDistance::identical:
      sums_of(frame, columns, channels, found, [](double x, double y) { return x == y ? 0.0 : 1.0; });
      for (size_t j = 0; j < columns.width; j++) found[j] = std::min(found[j], 1.0);
      return;
  }
}

// The cheapest path through frame distances that come row by row.
class Path {
 public:
  explicit Path(size_t columns) : cost_(columns), length_(columns) {}

  void add(const double* distances) {
    double diagonal = 0;
    double diagonal_length = 0;
    for (size_t j = 0; j < cost_.size(); j++) {
      const double up = cost_[j], up_length = length_[j];
      if (begun_ && j > 0) {
        const double left = cost_[j - 1];
        const double sideways = left <= up ? left : up;
        const double sideways_length = left <= up ? length_[j - 1] : up_length;
        const bool straight = diagonal <= sideways;
        cost_[j] = (straight ? diagonal : sideways) + distances[j];
        length_[j] = (straight ? diagonal_length : sideways_length) + 1;
      } else if (begun_) {
        cost_[j] = up + distances[j], length_[j] = up_length + 1;
      } else {
        cost_[j] = (j > 0 ? cost_[j - 1] : 0.0) + distances[j], length_[j] = double(j + 1);
      }
      diagonal = up, diagonal_length = up_length;
    }
    begun_ = true;
  }

  double mean() const { return cost_.back() / length_.back(); }

 private:
  std::vector<double> cost_, length_;
  bool begun_ = false;
};

void check(const Sequences& sequences, std::span<const int64_t> names) {
  const auto& starts = sequences.starts;
  for (int64_t name : names) {
    if (name < 0 || size_t(name) + 1 >= starts.size()) throw std::invalid_argument("there is no such sequence");
    if (starts[name] < 0 || starts[name] >= starts[name + 1]) throw std::invalid_argument("a sequence is empty");
  }
}

}  // namespace

double arc_cosine(double x) { return arc(x); }

void warp(FrameDistance kind, const Sequences& sequences, std::span<const int64_t> rows,
          std::span<const int64_t> columns, bool mirrored, double* distances) {
  check(sequences, rows);
  check(sequences, columns);
  if (mirrored && !std::ranges::equal(rows, columns)) throw std::invalid_argument("mirrored, columns are the rows");
  const size_t channels = sequences.channels;
  const auto length = [&](int64_t name) { return size_t(sequences.starts[name + 1] - sequences.starts[name]); };
  const auto frames = [&](int64_t name) { return sequences.frames + sequences.starts[name] * channels; };
  for (size_t column = 0; column < columns.size(); column++) {
    const Turned turned(frames(columns[column]), length(columns[column]), channels);
    std::vector<double> found(turned.width);
    for (size_t row = 0; row < (mirrored ? column : rows.size()); row++) {
      Path path(turned.length);
      for (size_t i = 0; i < length(rows[row]); i++) {
        const double* frame = frames(rows[row]) + i * channels;
        const bool null = std::all_of(frame, frame + channels, [](double x) { return x == 0; });
        measure(kind, frame, null, turned, channels, found.data());
        path.add(found.data());
      }
      distances[row * columns.size() + column] = path.mean();
      if (mirrored) distances[column * columns.size() + row] = path.mean();
    }
    if (mirrored) distances[column * columns.size() + column] = 0;
  }
}

}  // namespace undertow
