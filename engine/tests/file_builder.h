// Builds model files in memory, for the engine's tests, benchmarks and fuzz target: right ones, and ones to be refused.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "conv_options.h"
#include "crc32.h"
#include "undertow/graph.h"

namespace undertow::testing {

using Bytes = std::vector<std::byte>;

struct StoredTensor {
  Type type;
  std::vector<uint32_t> dims;
  Bytes data;
};

// Write the checksum that the rest of the file asks for.
inline void seal(Bytes& file) {
  const uint32_t checksum = crc32(std::span<const std::byte>(file).subspan(16));
  std::memcpy(file.data() + 12, &checksum, sizeof checksum);
}

// A graph that grows op by op, with random weights. Every field is open, so that a test can spoil it before build().
class FileBuilder {
 public:
  Type precision = Type::f32;
  uint32_t num_symbols = 16, condition_channels = 0, output = 0;
  Emission emission{EmissionKind::categorical, 0, 0, 0};
  std::vector<Domain> domains{{0, 1}};
  std::vector<Value> values;
  std::vector<Op> ops;
  std::vector<StoredTensor> tensors;
  Facts facts;

  explicit FileBuilder(uint32_t seed = 1) : random_(seed) {}

  uint32_t embed(uint32_t channels) {
    const int32_t table = weights(Type::f32, {num_symbols + 1, channels}, 1);
    const uint32_t elements = emission.num_elements();
    return add_op({OpKind::embed, Activation::none, 0, -1, table, -1, -1, {}}, elements * channels, 0);
  }

  uint32_t floats(uint32_t channels) {
    return add_op({OpKind::floats, Activation::none, 0, -1, -1, -1, -1, {}}, channels, 0);
  }

  uint32_t condition() {
    return add_op({OpKind::condition, Activation::none, 0, -1, -1, -1, -1, {}}, condition_channels, 0);
  }

  uint32_t conv(std::vector<uint32_t> inputs, uint32_t channels, ConvOptions how = {}) {
    uint32_t size = 0;
    for (uint32_t input : inputs) {
      size += values[input].channels;
      if (how.type == Type::i8) quantise(input);
    }
    const uint32_t made = how.phases * parts_of(how.activation) * channels;
    const std::vector<uint32_t> settings = taps(how);
    const uint32_t number = how.lags.empty() ? how.kernel_size : uint32_t(how.lags.size());
    const float reach = 1.5f / std::sqrt(float(size * number));
    const int32_t weight = weights(how.type, {made, number, size}, reach);
    const int32_t scale = how.type == Type::i8 ? constants(made, step * reach / 64) : -1;
    const int32_t bias = how.bias ? weights(Type::f32, {made}, 0.5f) : -1;
    const uint32_t domain = values[inputs[0]].domain;
    Op op{OpKind::conv, how.activation, 0, how.add, weight, bias, scale, inputs, settings};
    return add_op(std::move(op), channels, domain);
  }

  uint32_t norm(uint32_t input, Activation activation = Activation::none, bool rms = false) {
    const uint32_t channels = values[input].channels;
    const int32_t weight = weights(Type::f32, {channels}, 1.5f), bias = rms ? -1 : weights(Type::f32, {channels}, 0.5f);
    const Op op{OpKind::norm, activation, 0, -1, weight, bias, -1, {input}, {std::bit_cast<uint32_t>(1e-5f), rms}};
    return add_op(op, channels, values[input].domain);
  }

  uint32_t add(uint32_t input, uint32_t other, Activation activation = Activation::none) {
    return add_op({OpKind::add, activation, 0, int32_t(other), -1, -1, -1, {input}}, values[input].channels,
                  values[input].domain);
  }

  // Scaled, with a vector added for each of `most` steps; attention of the name `of` counts them too.
  uint32_t position(uint32_t input, uint32_t most, float scale, const std::string& of) {
    const int32_t table = weights(Type::f32, {most, values[input].channels}, 1);
    return add_op({OpKind::position, Activation::none, 0, -1, table, -1, -1, {input}, {std::bit_cast<uint32_t>(scale)}, of},
                  values[input].channels, 0);
  }

  uint32_t rotation(uint32_t head_channels, uint32_t most, const std::string& of) {
    std::vector<uint32_t> settings{most};
    for (uint32_t i = 0; i < head_channels / 2; i++) {
      const uint64_t bits = std::bit_cast<uint64_t>(std::pow(100.0, -2.0 * i / head_channels));
      settings.insert(settings.end(), {uint32_t(bits), uint32_t(bits >> 32)});
    }
    return add_op({OpKind::rotation, Activation::none, 0, -1, -1, -1, -1, {}, settings, of}, head_channels, 0);
  }

  // Of queries, keys and values side by side, and of a rotation if there is one.
  uint32_t attention(std::vector<uint32_t> inputs, uint32_t heads, uint32_t most, uint32_t window, const std::string& name) {
    const uint32_t channels = values[inputs[0]].channels / 3;
    return add_op({OpKind::attention, Activation::none, 0, -1, -1, -1, -1, inputs, {heads, most, window}, name}, channels, 0);
  }

  // A sum over the past of x, by how well each step's key answers the query.
  uint32_t recall(uint32_t query, uint32_t key, uint32_t x, uint32_t most, const std::string& name) {
    const int32_t vector = weights(Type::f32, {values[query].channels}, 1);
    const std::vector<uint32_t> inputs{query, key, x};
    return add_op({OpKind::recall, Activation::none, 0, -1, vector, -1, -1, inputs, {most}, name}, values[x].channels, 0);
  }

  uint32_t frame(uint32_t input, uint32_t period) {
    return add_op(plain(OpKind::frame, input), values[input].channels * period, below(values[input].domain, period));
  }

  uint32_t unframe(uint32_t input) {
    const auto [parent, period] = domains[values[input].domain];
    return add_op(plain(OpKind::unframe, input), values[input].channels / period, parent);
  }

  // What a value that is made later was a tick ago: `repeat` says which.
  uint32_t previous(uint32_t channels, uint32_t domain = 0, bool first = true) {
    const int32_t weight = first ? weights(Type::f32, {channels}, 0.8f) : -1;
    return add_op({OpKind::previous, Activation::none, 0, -1, weight, -1, -1, {}, {0}}, channels, domain);
  }

  void repeat(uint32_t previous, uint32_t value) { ops[previous].settings = {value}; }

  // One layer: an lstm, a gru, or the plain cell, a conv.
  uint32_t recurrent(OpKind cell, uint32_t x, uint32_t channels, Type type = Type::f32, bool first = true) {
    const uint32_t gates = cell == OpKind::lstm ? 4 : cell == OpKind::gru ? 3 : 1, domain = values[x].domain;
    const uint32_t given = conv({x}, gates * channels, {.type = type}), last = previous(channels, domain, first);
    const bool adds = cell != OpKind::gru, plain = cell == OpKind::conv;
    uint32_t y = conv({last}, gates * channels, {.activation = plain ? Activation::tanh : Activation::none,
                                                 .add = adds ? int32_t(given) : -1, .type = type});
    const int32_t weight = cell == OpKind::lstm && first ? weights(Type::f32, {channels}, 0.8f) : -1;
    if (cell == OpKind::lstm) y = add_op({cell, Activation::none, 0, -1, weight, -1, -1, {y}}, channels, domain);
    if (cell == OpKind::gru) y = add_op({cell, Activation::none, 0, -1, -1, -1, -1, {given, y, last}}, channels, domain);
    repeat(last, y);
    return y;
  }

  // Rows of so many steps, each from its end on, and back to the steps a row later.
  uint32_t turn(uint32_t input, uint32_t width) {
    return add_op(plain(OpKind::turn, input), values[input].channels, below(0, width));
  }

  uint32_t unturn(uint32_t input) {
    return add_op(plain(OpKind::unturn, input), values[input].channels, 0);
  }

  // The row above as a row begins, and back to the ticks of a raster; half of its rows and columns, and back.
  uint32_t row(uint32_t input, uint32_t width) {
    return add_op(plain(OpKind::row, input), values[input].channels, below(0, width));
  }

  uint32_t unrow(uint32_t input, uint32_t width, uint32_t domain) {
    return add_op(plain(OpKind::unrow, input, {width}), values[input].channels, domain);
  }

  uint32_t shrink(uint32_t input, uint32_t width) {
    return add_op(plain(OpKind::shrink, input, {width}), values[input].channels, below(values[input].domain, 4));
  }

  uint32_t grow(uint32_t input, uint32_t width) {
    const uint32_t parent = domains[values[input].domain].parent;
    return add_op(plain(OpKind::grow, input, {width}), values[input].channels / 4, parent);
  }

  uint32_t concat_elu(uint32_t input) {
    return add_op(plain(OpKind::concat_elu, input), 2 * values[input].channels, values[input].domain);
  }

  uint32_t product(uint32_t input, uint32_t other) {
    Op op{OpKind::product, Activation::none, 0, -1, -1, -1, -1, {input, other}, {}};
    return add_op(std::move(op), values[input].channels, values[input].domain);
  }

  // An LSTM on a raster of so many columns: it sees states at these pixels, so many rows up and columns to the right,
  // and the cell of the last of them.
  uint32_t lstm_of_rows(uint32_t x, uint32_t channels, uint32_t width, std::vector<std::pair<uint32_t, int32_t>> pixels,
                        Type type = Type::f32) {
    const uint32_t given = conv({x}, 4 * channels, {.type = type}), last = previous(channels, values[x].domain, false);
    const auto [up, right] = pixels.back();
    ConvOptions how = raster(width, std::move(pixels), 1, 1);
    how.add = int32_t(given), how.type = type;
    const uint32_t gates = conv({last}, 4 * channels, how);
    const std::vector<uint32_t> settings{width, uint32_t(int32_t(up * width) - right), uint32_t(right)};
    const uint32_t y = add_op(plain(OpKind::lstm, gates, settings), channels, values[x].domain);
    repeat(last, y);
    return y;
  }

  // What a source says of each step, added to a value.
  uint32_t column(uint32_t input) {
    return add_op(plain(OpKind::column, input), values[input].channels, values[input].domain);
  }

  // What a query finds in a source: by its heads' dot products, or with none by sums of tanh, of so many channels.
  uint32_t attend(uint32_t query, uint32_t heads, uint32_t channels = 0) {
    const bool dot = heads > 0;
    const int32_t weight = dot ? -1 : weights(Type::f32, {values[query].channels}, 1.5f);
    Op op{OpKind::attend, Activation::none, 0, -1, weight, -1, -1, {query}, {dot ? 0u : 1u, dot ? heads : 1u}};
    if (dot) op.name = "op." + std::to_string(ops.size());
    return add_op(std::move(op), dot ? values[query].channels : channels, values[query].domain);
  }

  // Hold a value as u8 too, for int8 convolutions.
  void quantise(uint32_t value) {
    if (values[value].step >= 0) return;
    values[value].step = constants(values[value].channels, step);
    values[value].zero_point = 120;
  }

  // A tensor of random numbers: up to `reach` from 0, int8 ones up to 64.
  int32_t weights(Type type, std::vector<uint32_t> dims, float reach) {
    size_t count = 1;
    for (uint32_t dim : dims) count *= dim;
    Bytes data;
    for (size_t i = 0; i < count; ++i) {
      const float unit = 2 * float(random_() % 65536) / 65535 - 1;
      append_number(data, type, unit * (type == Type::i8 ? 64 : reach));
    }
    tensors.push_back({type, std::move(dims), std::move(data)});
    return int32_t(tensors.size() - 1);
  }

  int32_t constants(uint32_t size, float number) {
    Bytes data;
    for (uint32_t i = 0; i < size; ++i) append(data, number);
    tensors.push_back({Type::f32, {size}, std::move(data)});
    return int32_t(tensors.size() - 1);
  }

  Bytes build() const {
    Bytes tables = tables_without_tensors();
    size_t end = header_bytes + tables.size() + 40 * tensors.size();
    Bytes data;
    for (const StoredTensor& tensor : tensors) {
      data.resize(data.size() + padding(end));
      end += padding(end);
      append_entry(tables, tensor, end);
      data.insert(data.end(), tensor.data.begin(), tensor.data.end());
      end += tensor.data.size();
    }
    Bytes file = header(end);
    file.insert(file.end(), tables.begin(), tables.end());
    file.insert(file.end(), data.begin(), data.end());
    seal(file);
    return file;
  }

 private:
  static constexpr size_t header_bytes = 144;
  static constexpr float step = 0.03f;

  static size_t padding(size_t end) { return (64 - end % 64) % 64; }

  template <class T>
  static void append(Bytes& bytes, const T& number) {
    const auto* from = reinterpret_cast<const std::byte*>(&number);
    bytes.insert(bytes.end(), from, from + sizeof(T));
  }

  template <class... Numbers>
  static void append_u32(Bytes& bytes, Numbers... numbers) {
    (append(bytes, uint32_t(numbers)), ...);
  }

  static void append_number(Bytes& bytes, Type type, float number) {
    if (type == Type::f32) append(bytes, number);
    if (type == Type::bf16) append(bytes, uint16_t(std::bit_cast<uint32_t>(number) >> 16));
    if (type == Type::i8) append(bytes, int8_t(std::lround(number)));
  }

  static void append_entry(Bytes& bytes, const StoredTensor& tensor, uint64_t offset) {
    append_u32(bytes, tensor.type, tensor.dims.size());
    for (size_t i = 0; i < 3; ++i) append_u32(bytes, i < tensor.dims.size() ? tensor.dims[i] : 1);
    append_u32(bytes, 0);
    append(bytes, offset);
    append(bytes, uint64_t(tensor.data.size()));
  }

  // A convolution's settings.
  static std::vector<uint32_t> taps(const ConvOptions& how) {
    std::vector<uint32_t> settings{how.width};
    if (how.width > 0) settings.insert(settings.end(), {how.late, uint32_t(how.ahead)});
    for (uint32_t tap = 0; how.lags.empty() && tap < how.kernel_size; tap++)
      settings.push_back((how.kernel_size - 1 - tap) * how.dilation);
    settings.insert(settings.end(), how.lags.begin(), how.lags.end());
    for (int32_t column : how.columns) settings.push_back(uint32_t(column));
    if (how.phases > 1) settings.push_back(how.phases);
    return settings;
  }

  // A new domain.
  uint32_t below(uint32_t parent, uint32_t period) {
    domains.push_back({parent, period});
    return uint32_t(domains.size() - 1);
  }

  // An op of one input, without tensors.
  static Op plain(OpKind kind, uint32_t input, std::vector<uint32_t> settings = {}) {
    return {kind, Activation::none, 0, -1, -1, -1, -1, {input}, std::move(settings)};
  }

  uint32_t add_op(Op op, uint32_t channels, uint32_t domain) {
    op.output = uint32_t(values.size());
    constexpr OpKind keeping[] = {OpKind::frame, OpKind::unframe, OpKind::previous, OpKind::column, OpKind::lstm,
                                  OpKind::turn, OpKind::unturn, OpKind::row, OpKind::unrow, OpKind::shrink, OpKind::grow};
    const bool looks_back = op.kind == OpKind::conv && op.settings != std::vector{0u, 0u};
    if (looks_back || std::ranges::find(keeping, op.kind) != std::end(keeping)) op.name = "op." + std::to_string(ops.size());
    values.push_back({channels, domain, -1, 0});
    ops.push_back(std::move(op));
    return output = ops.back().output;
  }

  Bytes header(uint64_t file_bytes) const {
    Bytes bytes;
    for (char letter : {'U', 'N', 'D', 'E', 'R', 'T', 'O', 'W'}) append(bytes, letter);
    append_u32(bytes, 4, 0);
    append(bytes, file_bytes);
    append_u32(bytes, precision, num_symbols, condition_channels, output, emission.kind, emission.num_components);
    append(bytes, emission.initial_scale);
    append(bytes, emission.scale_margin);
    append_u32(bytes, domains.size(), values.size(), ops.size(), tensors.size());
    bytes.resize(header_bytes);  // of no model
    return bytes;
  }

  static void append_text(Bytes& bytes, const std::string& text) {
    append_u32(bytes, text.size());
    for (size_t i = 0; i < (text.size() + 3) / 4 * 4; ++i) append(bytes, i < text.size() ? text[i] : '\0');
  }

  static void append_fact(Bytes& bytes, const Fact& fact) {
    Bytes value;
    for (const std::string& text : fact.texts) {
      append_u32(value, text.size());
      for (char letter : text) append(value, letter);
    }
    for (int64_t integer : fact.integers) append(value, integer);
    for (float number : fact.floats) append(value, number);
    append_text(bytes, fact.name);
    append_u32(bytes, fact.kind, value.size());
    value.resize((value.size() + 3) / 4 * 4);
    bytes.insert(bytes.end(), value.begin(), value.end());
  }

  Bytes tables_without_tensors() const {
    Bytes bytes;
    append_u32(bytes, facts.size());
    for (const Fact& fact : facts) append_fact(bytes, fact);
    for (const auto& [parent, period] : domains) append_u32(bytes, parent, period);
    for (const Value& value : values) append_u32(bytes, value.channels, value.domain, value.step, value.zero_point);
    for (const Op& op : ops) {
      append_u32(bytes, op.kind, op.activation, op.output);
      append_u32(bytes, op.add, op.weight, op.bias, op.scale, op.inputs.size());
      for (uint32_t input : op.inputs) append_u32(bytes, input);
      append_u32(bytes, op.settings.size());
      for (uint32_t setting : op.settings) append_u32(bytes, setting);
      append_text(bytes, op.name);
    }
    return bytes;
  }

  std::mt19937 random_;
};

}  // namespace undertow::testing
