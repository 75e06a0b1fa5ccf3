// Small encoders of every op that reads whole sources, for tests and the fuzz target.
#pragma once

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "file_builder.h"
#include "ops/give.h"

namespace undertow::testing {

inline uint32_t push(FileBuilder& builder, Op op, uint32_t channels) {
  op.output = uint32_t(builder.values.size());
  builder.values.push_back({channels, 0, -1, 0});
  builder.ops.push_back(std::move(op));
  return builder.output = builder.ops.back().output;
}

inline uint32_t mutual(FileBuilder& builder, uint32_t x, uint32_t heads) {
  return push(builder, {OpKind::mutual, Activation::none, 0, -1, -1, -1, -1, {x}, {heads}}, builder.values[x].channels / 3);
}

inline uint32_t reverse(FileBuilder& builder, uint32_t x) {
  return push(builder, {OpKind::reverse, Activation::none, 0, -1, -1, -1, -1, {x}}, builder.values[x].channels);
}

inline uint32_t stretch(FileBuilder& builder, uint32_t x, double ratio, double offset) {
  std::vector<uint32_t> settings;
  for (double number : {ratio, offset}) {
    const uint64_t bits = std::bit_cast<uint64_t>(number);
    settings.insert(settings.end(), {uint32_t(bits), uint32_t(bits >> 32)});
  }
  return push(builder, {OpKind::stretch, Activation::none, 0, -1, -1, -1, -1, {x}, settings}, builder.values[x].channels);
}

inline uint32_t give(FileBuilder& builder, std::vector<uint32_t> inputs, const std::string& name, Give part = Give::memory,
                     uint32_t heads = 0, uint32_t channels = 0) {
  for (uint32_t input : inputs) channels += builder.values[input].channels;
  return push(builder, {OpKind::give, Activation::none, 0, -1, -1, -1, -1, inputs, {uint32_t(part), heads}, name}, channels);
}

// A convolution of three taps, that sees as far to each side.
inline uint32_t centred(FileBuilder& builder, uint32_t x, uint32_t channels, uint32_t dilation, Type type) {
  builder.conv({x}, channels, {.lags = {dilation, 0, uint32_t(-int32_t(dilation))}, .type = type});
  builder.ops.back().name.clear();
  return builder.output;
}

inline FileBuilder begun(Type type, uint32_t symbols) {
  FileBuilder builder;
  builder.precision = type, builder.num_symbols = symbols;
  builder.emission.kind = EmissionKind::none;
  return builder;
}

// Convolutions over a source with zeros behind it.
inline FileBuilder column_encoder(Type type, uint32_t symbols = 16, uint32_t channels = 20) {
  FileBuilder builder = begun(type, symbols);
  uint32_t x = stretch(builder, builder.embed(channels), 1.5, 1);
  for (uint32_t dilation : {1u, 2u}) {
    const uint32_t y = builder.conv({builder.norm(x, Activation::relu)}, channels, {.type = type});
    x = builder.add(centred(builder, y, channels, dilation, type), x);
  }
  give(builder, {x}, "columns");
  return builder;
}

// Attention of all steps to all, of floats.
inline FileBuilder mutual_encoder(Type type, uint32_t channels = 24, uint32_t heads = 2, uint32_t most = 90) {
  FileBuilder builder = begun(type, 0);
  uint32_t x = builder.position(builder.conv({builder.floats(3)}, channels), most, 0.7f, "place");
  const uint32_t seen = mutual(builder, builder.conv({builder.norm(x)}, 3 * channels, {.type = type}), heads);
  x = builder.conv({seen}, channels, {.add = int32_t(x), .type = type});
  for (const char* part : {"keys", "values"})
    give(builder, {builder.conv({x}, channels, {.type = type})}, std::string("blocks.0.") + part, Give::memory, heads);
  return builder;
}

// One layer in each direction, and what the LSTM among them keeps.
inline FileBuilder recurrent_encoder(Type type, uint32_t symbols = 16, uint32_t channels = 20) {
  FileBuilder builder = begun(type, symbols);
  const uint32_t x = builder.embed(channels), turned = reverse(builder, x);
  const uint32_t back = reverse(builder, builder.recurrent(OpKind::gru, turned, channels, type));
  const uint32_t there = builder.recurrent(OpKind::lstm, x, channels, type);
  const std::string cell = builder.ops.back().name;
  give(builder, {there, back}, "annotations");
  give(builder, {builder.conv({back}, channels, {.activation = Activation::tanh, .type = type})}, "hidden", Give::first);
  give(builder, {}, cell, Give::kept, 0, channels);
  return builder;
}

}  // namespace undertow::testing
