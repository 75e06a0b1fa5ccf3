// Products of weights and inputs, in tiles that fit the registers; included by kernels_impl.h.
//
// The file around it says how many rows and groups of 16 outputs its registers hold (`tile_rows`, `tile_groups`), and how
// four bytes meet four weights:
//
//   simd::I32 dot4(simd::I32 acc, simd::I32 x, const int8_t* weights)
//
// Inputs are read as words of four bytes: a float, or four bytes that are multiplied together.
#pragma once

#include <cstring>

#include "kernels.h"

namespace undertow {
namespace {

constexpr int group_vectors = int(lane_group) / simd::F32::lanes;
constexpr uint32_t rows_at_once = 128, words_at_once = 64;  // a part whose weights and inputs the nearest cache holds
constexpr uint32_t words_in_place = 128;                    // of inputs that are read where they lie: of weights alone

// How far ahead of a single row's weights memory is asked for the next ones: about what the third cache takes to answer.
constexpr size_t prefetch_bytes = 4096;

// What is particular to a type of weight: its sums, and how many weights of one output a word of inputs meets.
template <class Weight>
struct Of {
  using Sum = simd::F32;
  using Acc = float;
  static constexpr uint32_t together = 1;
};

template <>
struct Of<int8_t> {
  using Sum = simd::I32;
  using Acc = int32_t;
  static constexpr uint32_t together = 4;
};

struct Word {
  char bytes[4];
};

template <class Weight>
inline auto broadcast(const Word& word) {
  typename Of<Weight>::Acc value;
  std::memcpy(&value, &word, sizeof(value));
  return Of<Weight>::Sum::broadcast(value);
}

inline simd::F32 multiply_add(simd::F32 sum, simd::F32 x, const float* weights) {
  return fma(simd::F32::load(weights), x, sum);
}
inline simd::F32 multiply_add(simd::F32 sum, simd::F32 x, const uint16_t* weights) {
  return fma(simd::F32::load(weights), x, sum);
}
inline simd::I32 multiply_add(simd::I32 sum, simd::I32 x, const int8_t* weights) { return dot4(sum, x, weights); }

// One row by V vectors of outputs: a panel's weights in one sweep. `next` is what is read after them.
template <int V, class Weight>
inline void row_tile(const Weight* weights, uint32_t num_words, size_t width, const Word* x,
                     const typename Of<Weight>::Acc* start, typename Of<Weight>::Acc* acc, const Weight* next) {
  using Sum = typename Of<Weight>::Sum;
  constexpr uint32_t together = Of<Weight>::together;
  constexpr size_t bytes = V * Sum::lanes * together * sizeof(Weight);
  Sum sum[V];
  for (int v = 0; v < V; v++) sum[v] = Sum::load(start + v * Sum::lanes);
  const auto add = [&](uint32_t i, const char* ahead) {
    for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(ahead + at);
    const Sum xi = broadcast<Weight>(x[i]);
    for (int v = 0; v < V; v++) sum[v] = multiply_add(sum[v], xi, weights + v * Sum::lanes * together);
    weights += width * together;
  };
  const uint32_t last = uint32_t(prefetch_bytes / bytes), near = num_words > last ? num_words - last : 0;
  uint32_t i = 0;
  for (; i < near; i++) add(i, reinterpret_cast<const char*>(weights) + prefetch_bytes);
  for (const char* ahead = reinterpret_cast<const char*>(next); i < num_words; i++, ahead += bytes) add(i, ahead);
  for (int v = 0; v < V; v++) store(acc + v * Sum::lanes, sum[v]);
}

// Sums of some rows: from where they start, `start_stride` from one row's to the next's, to where they go.
template <class Acc>
struct RowSums {
  const Acc* start;
  size_t start_stride;
  Acc* acc;
  size_t stride;

  RowSums at(size_t row, size_t output) const {
    return {start + row * start_stride + output, start_stride, acc + row * stride + output, stride};
  }
};

template <class Weight>
using SumsOf = RowSums<typename Of<Weight>::Acc>;

// Inputs of some rows, so many words from one row to the next.
struct RowWords {
  const Word* x;
  size_t apart;

  RowWords at(size_t row) const { return {x + row * apart, apart}; }
};

// What is multiplied next: asked for bit by bit, a share with each word. All at once, the memory could not follow.
struct Ahead {
  const char* at;
  size_t each;

  Ahead(const void* weights, size_t bytes, uint32_t words)
      : at(static_cast<const char*>(weights)), each((bytes + words - 1) / words) {}

  void fetch() {
    for (size_t line = 0; line < each; line += 64) __builtin_prefetch(at + line, 0, 2);
    at += each;
  }
};

// R rows by V vectors of outputs.
template <int R, int V, class Weight>
[[gnu::always_inline]] inline Ahead tile_here(const Weight* weights, uint32_t num_words, size_t width, RowWords rows,
                                              SumsOf<Weight> sums, Ahead ahead) {
  using Sum = typename Of<Weight>::Sum;
  constexpr uint32_t together = Of<Weight>::together;
  Sum sum[R][V];
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) sum[r][v] = Sum::load(sums.start + r * sums.start_stride + v * Sum::lanes);
  for (int r = 0; r < R && together == 1; r++)  // the sums of the next rows
    for (int v = 0; v < V * Sum::lanes; v += 16) __builtin_prefetch(sums.acc + (R + r) * sums.stride + v, 1);
  for (uint32_t i = 0; i < num_words; i++, weights += width * together) {
    ahead.fetch();
    for (int r = 0; r < R; r++) {
      const Sum xi = broadcast<Weight>(rows.x[r * rows.apart + i]);
      for (int v = 0; v < V; v++) sum[r][v] = multiply_add(sum[r][v], xi, weights + v * Sum::lanes * together);
    }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) store(sums.acc + r * sums.stride + v * Sum::lanes, sum[r][v]);
  return ahead;
}

// Floats' tiles are functions by themselves, where GCC 12 keeps all in registers; of bytes' it does so in their callers.
template <int R, int V, class Weight>
[[gnu::noinline]] Ahead tile_apart(const Weight* weights, uint32_t num_words, size_t width, RowWords rows,
                                   SumsOf<Weight> sums, Ahead ahead) {
  return tile_here<R, V>(weights, num_words, width, rows, sums, ahead);
}

template <int R, int V, class Weight>
inline Ahead tile(const Weight* weights, uint32_t num_words, size_t width, RowWords rows, SumsOf<Weight> sums,
                  Ahead ahead) {
  if constexpr (Of<Weight>::together > 1)
    return tile_here<R, V>(weights, num_words, width, rows, sums, ahead);
  else
    return tile_apart<R, V>(weights, num_words, width, rows, sums, ahead);
}

template <int V, class Weight>
inline Ahead tile_of(uint32_t rows, const Weight* weights, uint32_t num_words, size_t width, RowWords x,
                    SumsOf<Weight> sums, Ahead ahead) {
  switch (rows) {
    case 1: return tile<1, V>(weights, num_words, width, x, sums, ahead);
    case 2: return tile<2, V>(weights, num_words, width, x, sums, ahead);
    case 3: return tile<3, V>(weights, num_words, width, x, sums, ahead);
    case 4: return tile<4, V>(weights, num_words, width, x, sums, ahead);
    case 5: return tile<5, V>(weights, num_words, width, x, sums, ahead);
    default: return tile<6, V>(weights, num_words, width, x, sums, ahead);
  }
}

// Words first … first + num_words - 1 of every row, row after row: what lay anywhere is near, and a step apart.
inline void lay_out(Word* target, const void* const* x, uint32_t num_rows, uint32_t first, uint32_t num_words) {
  constexpr uint32_t lanes = simd::I32::lanes;
  const uint32_t whole = num_words - num_words % lanes;
  for (uint32_t row = 0; row < num_rows; row++, target += words_at_once) {
    const Word* from = static_cast<const Word*>(x[row]) + first;
    for (uint32_t i = 0; i < whole; i += lanes)
      store(reinterpret_cast<int32_t*>(target + i), simd::I32::load(reinterpret_cast<const int32_t*>(from + i)));
    for (uint32_t i = whole; i < num_words; i++) target[i] = from[i];
  }
}

// Some columns of a panel for all of the rows.
template <int V, class Weight>
inline void column(const Weight* weights, uint32_t num_words, size_t width, uint32_t num_rows, RowWords x,
                   SumsOf<Weight> sums, Ahead& ahead) {
  for (uint32_t row = 0; row < num_rows; row += tile_rows) {
    const uint32_t rows = num_rows - row < tile_rows ? num_rows - row : tile_rows;
    ahead = tile_of<V>(rows, weights, num_words, width, x.at(row), sums.at(row, 0), ahead);
  }
}

template <class Weight>
inline void panel(const Weight* weights, uint32_t num_words, uint32_t width, uint32_t num_rows, RowWords x,
                  SumsOf<Weight> sums, Ahead& ahead) {
  for (uint32_t at = 0; at < width;) {
    const Weight* first = weights + size_t(at) * Of<Weight>::together;
    if (width - at >= tile_groups * lane_group) {
      column<int(tile_groups) * group_vectors>(first, num_words, width, num_rows, x, sums.at(0, at), ahead);
      at += tile_groups * lane_group;
    } else {
      column<group_vectors>(first, num_words, width, num_rows, x, sums.at(0, at), ahead);
      at += lane_group;
    }
  }
}

// bfloat16 for many rows is widened once for all of them: it takes the instructions that multiply, too.
inline void panel(const uint16_t* weights, uint32_t num_words, uint32_t width, uint32_t num_rows, RowWords x,
                  SumsOf<float> sums, Ahead& ahead) {
  if (num_rows <= 2 * tile_rows) return panel<uint16_t>(weights, num_words, width, num_rows, x, sums, ahead);
  float widened[words_in_place * panel_width];
  for (uint32_t i = 0; i < num_words * width; i += simd::F32::lanes) store(widened + i, simd::F32::load(weights + i));
  panel<float>(widened, num_words, width, num_rows, x, sums, ahead);
}

template <class Weight>
inline void product_of_row(const Product& p, uint32_t num_words) {
  const uint32_t panels = (p.end - p.begin + panel_width - 1) / panel_width;
  const auto at = [&](uint32_t begin) { return static_cast<const Weight*>(p.weights) + size_t(begin) * p.depth; };
  for (uint32_t number = 0; number < panels; number++) {
    const uint32_t begin = p.begin + (p.backwards ? panels - 1 - number : number) * panel_width;
    const uint32_t width = p.end - begin < panel_width ? p.end - begin : panel_width;
    const Weight* weights = at(begin);
    const Weight* next = !p.backwards ? at(begin + width) : begin > p.begin ? at(begin - panel_width) : at(p.end);
    const Word* x = static_cast<const Word*>(p.x[0]);
    auto* acc = static_cast<typename Of<Weight>::Acc*>(p.acc) + begin;
    const auto* start = p.start ? static_cast<const typename Of<Weight>::Acc*>(p.start) + begin : acc;
    switch (width / lane_group) {
      case 1: row_tile<group_vectors>(weights, num_words, width, x, start, acc, next); break;
      case 2: row_tile<2 * group_vectors>(weights, num_words, width, x, start, acc, next); break;
      case 3: row_tile<3 * group_vectors>(weights, num_words, width, x, start, acc, next); break;
      default: row_tile<4 * group_vectors>(weights, num_words, width, x, start, acc, next);
    }
  }
}

// How many words rows lie apart that lie evenly; else 0.
inline size_t words_apart(const void* const* x, uint32_t num_rows) {
  const auto at = [&](uint32_t row) { return reinterpret_cast<uintptr_t>(x[row]); };
  const uintptr_t apart = at(1) - at(0);
  if (at(1) <= at(0) || apart % sizeof(Word) != 0) return 0;
  uintptr_t off = 0;
  for (uint32_t row = 2; row < num_rows; row++) off |= at(row) - at(0) - row * apart;
  return off == 0 ? apart / sizeof(Word) : 0;
}

// Some words of some rows by all outputs.
template <class Weight>
inline void part(const Product& p, uint32_t first, uint32_t num_words, uint32_t first_row, uint32_t rows, RowWords x) {
  constexpr uint32_t together = Of<Weight>::together;
  auto* const acc = static_cast<typename Of<Weight>::Acc*>(p.acc) + first_row * p.stride;
  for (uint32_t begin = p.begin, width; begin < p.end; begin += width) {
    width = p.end - begin < panel_width ? p.end - begin : panel_width;
    const Weight* weights =
        static_cast<const Weight*>(p.weights) + size_t(begin) * p.depth + size_t(first) * width * together;
    const size_t size = size_t(num_words) * width * together, apart = size_t(p.depth) * width;
    const uint32_t columns = width / lane_group >= tile_groups ? width / (tile_groups * lane_group) : width / lane_group;
    const uint32_t tiles = columns * ((rows + tile_rows - 1) / tile_rows);
    Ahead ahead(weights + (begin + width < p.end ? apart : size), size * sizeof(Weight), tiles * num_words);
    const bool starts = p.start && first == 0;
    const SumsOf<Weight> sums{starts ? static_cast<const typename Of<Weight>::Acc*>(p.start) : acc,
                              starts ? 0 : p.stride, acc, p.stride};
    panel(weights, num_words, width, rows, x, sums.at(0, begin), ahead);
  }
}

template <class Weight>
void product(const Product& p) {
  const uint32_t num_words = p.depth / Of<Weight>::together;
  if (p.num_rows == 1) return product_of_row<Weight>(p, num_words);
  if (const size_t apart = words_apart(p.x, p.num_rows); apart > 0) {
    const Word* const x = static_cast<const Word*>(p.x[0]);
    for (uint32_t i = 0; i < num_words; i += words_in_place)
      part<Weight>(p, i, num_words - i < words_in_place ? num_words - i : words_in_place, 0, p.num_rows, {x + i, apart});
    return;
  }
  Word laid_out[rows_at_once * words_at_once];
  for (uint32_t row = 0; row < p.num_rows; row += rows_at_once) {
    const uint32_t rows = p.num_rows - row < rows_at_once ? p.num_rows - row : rows_at_once;
    for (uint32_t i = 0; i < num_words; i += words_at_once) {
      const uint32_t words = num_words - i < words_at_once ? num_words - i : words_at_once;
      lay_out(laid_out, p.x + row, rows, i, words);
      part<Weight>(p, i, words, row, rows, {laid_out, words_at_once});
    }
  }
}

}  // namespace
}  // namespace undertow
