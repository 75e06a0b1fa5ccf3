// Small networks of every family, written op by op with a FileBuilder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "file_builder.h"

namespace undertow::testing {

struct WaveNetShape {
  Type precision = Type::f32;
  uint32_t num_symbols = 16, channels = 6, gate_channels = 8, skip_channels = 10, num_params = 16;
  uint32_t input_kernel_size = 1, kernel_size = 2, cycles = 1, layers_per_cycle = 3;
  uint32_t condition_channels = 0;
  uint32_t frame_size = 0;  // of a context stack; 0: none
  bool scalar = false;
  Emission emission{EmissionKind::categorical, 0, 0, 0};
  uint32_t seed = 1;
};

// One convolution over frames of the past, conditioning what follows.
inline uint32_t add_context(FileBuilder& builder, uint32_t input, uint32_t frame_size, Type type) {
  const uint32_t frames = builder.frame(input, frame_size);
  const uint32_t gated = builder.conv({frames}, 6, {.kernel_size = 2, .activation = Activation::gate, .type = type});
  return builder.unframe(builder.conv({gated}, 3 * frame_size, {.type = type}));
}

// A WaveNet with embedded or scalar input, a condition, a context stack and gates that add the condition's projection.
inline FileBuilder wavenet(const WaveNetShape& shape = {}) {
  FileBuilder builder(shape.seed);
  const Type type = builder.precision = shape.precision;
  builder.num_symbols = shape.num_symbols;
  builder.condition_channels = shape.condition_channels;
  builder.emission = shape.emission;
  uint32_t x = builder.embed(shape.scalar ? 1 : shape.channels);
  if (shape.scalar || shape.input_kernel_size > 1) {
    x = builder.conv({x}, shape.channels, {.kernel_size = shape.input_kernel_size, .type = type});
  }
  std::vector<uint32_t> conditions;
  if (shape.condition_channels > 0) conditions.push_back(builder.condition());
  if (shape.frame_size > 0) conditions.push_back(add_context(builder, x, shape.frame_size, type));
  std::vector<uint32_t> gates;
  for (uint32_t layer = 0; layer < shape.cycles * shape.layers_per_cycle; ++layer) {
    ConvOptions gate{.kernel_size = shape.kernel_size, .dilation = 1u << layer % shape.layers_per_cycle, .type = type};
    if (!conditions.empty()) gate.add = int32_t(builder.conv(conditions, shape.gate_channels, {.type = type}));
    gate.activation = Activation::gate;
    gates.push_back(builder.conv({x}, shape.gate_channels / 2, gate));
    x = builder.conv({gates.back()}, shape.channels, {.add = int32_t(x), .type = type});
  }
  const uint32_t skip = builder.conv(gates, shape.skip_channels, {.activation = Activation::relu, .type = type});
  const uint32_t hidden = builder.conv({skip}, shape.skip_channels, {.activation = Activation::relu, .type = type});
  builder.conv({hidden}, shape.num_params, {.type = type});
  return builder;
}

struct PredictorShape {
  Type precision = Type::f32;
  uint32_t num_symbols = 16, channels = 6, order = 4;
  uint32_t condition_channels = 1;
};

// A linear prediction: the sum of the last inputs, each times a coefficient that follows from the condition. A gated
// convolution reads it and adds what the coefficients' squares say.
inline FileBuilder predictor(const PredictorShape& shape) {
  FileBuilder builder;
  const Type type = builder.precision = shape.precision;
  builder.num_symbols = shape.num_symbols;
  builder.condition_channels = shape.condition_channels;
  const uint32_t taps = builder.conv({builder.embed(1)}, shape.order, {.kernel_size = shape.order});
  const uint32_t coefficients = builder.conv({builder.condition()}, shape.order);
  const uint32_t sum = builder.conv({builder.product(taps, coefficients)}, shape.channels, {.type = type});
  const uint32_t power = builder.conv({builder.product(coefficients, coefficients)}, 2 * shape.channels);
  const ConvOptions gate{.kernel_size = 2, .dilation = 3, .activation = Activation::gate, .add = int32_t(power),
                         .type = type};
  const uint32_t gated = builder.conv({sum}, shape.channels, gate);
  builder.conv({gated}, shape.num_symbols, {.type = type});
  return builder;
}

struct PixelShape {
  Type precision = Type::f32;
  uint32_t num_symbols = 16, channels = 12, phases = 1;
  uint32_t condition_channels = 0;
};

// Rows of five pixels: a layer that is late and ahead, one with a gate, which adds the first, and the output.
inline FileBuilder pixels(const PixelShape& shape) {
  FileBuilder builder;
  builder.precision = shape.precision;
  builder.num_symbols = shape.num_symbols;
  ConvOptions first = raster(5, {{1, -1}, {1, 0}, {1, 2}, {0, -1}, {0, 0}}, 1, 1, shape.phases);
  ConvOptions second = raster(5, {{1, 0}, {0, -2}, {0, 0}}, 0, 0, shape.phases);
  if (shape.phases == 1) first = raster(5, {{1, -1}, {1, 0}, {1, 2}, {0, -1}}, 1, 1);
  first.type = second.type = shape.precision;
  const uint32_t x = builder.conv({builder.embed(shape.channels)}, shape.channels, first);
  second.activation = Activation::gate;
  const uint32_t y = builder.conv({x}, shape.channels, second);
  builder.conv({builder.add(x, y, Activation::relu)}, shape.num_symbols, {.type = shape.precision});
  return builder;
}

struct PixelRnnShape {
  Type precision = Type::f32;
  uint32_t num_symbols = 16, channels = 7, width = 5;
  bool diagonal = false;  // a Diagonal BiLSTM, or a Row LSTM
  uint32_t condition_channels = 0;
};

// Two recurrent layers over rows of pixels, the first late and ahead by its input.
inline FileBuilder pixel_rnn(const PixelRnnShape& shape) {
  FileBuilder builder;
  const Type type = builder.precision = shape.precision;
  const uint32_t channels = shape.channels, width = shape.width;
  builder.num_symbols = shape.num_symbols;
  ConvOptions first = raster(width, {{1, 0}, {0, -1}}, 1, 1);
  first.type = type;
  uint32_t x = builder.conv({builder.embed(3)}, 2 * channels, first);
  for (uint32_t layer = 0; layer < 2; layer++) {
    uint32_t y;
    if (shape.diagonal) {
      y = builder.lstm_of_rows(x, channels, width, {{1, 0}, {0, -1}}, type);
      const uint32_t right = builder.lstm_of_rows(builder.turn(x, width), channels, width, {{1, 0}, {0, -1}}, type);
      y = builder.add(y, builder.unturn(right));
    } else {
      y = builder.lstm_of_rows(x, channels, width, {{1, -1}, {1, 1}, {1, 0}}, type);
    }
    x = builder.conv({y}, 2 * channels, {.add = int32_t(x), .type = type});
  }
  builder.conv({x}, shape.num_symbols, {.type = type});
  return builder;
}

struct StreamShape {
  Type precision = Type::f32;
  uint32_t num_symbols = 16, channels = 6, width = 6;
  uint32_t condition_channels = 0;
};

// A block of PixelCNN++ in rows of so many pixels, which may look to the right of its own.
inline uint32_t pixel_block(FileBuilder& builder, uint32_t x, int32_t right, uint32_t width, int32_t add, Type type) {
  const uint32_t channels = builder.values[x].channels;
  ConvOptions how = raster(width, {{1, -1}, {1, 0}, {1, right}, {0, -1}, {0, 0}, {0, right}});
  if (right == 0) how = raster(width, {{1, -1}, {1, 0}, {0, -1}, {0, 0}});
  how.type = type;
  const uint32_t entered = builder.conv({builder.concat_elu(x)}, channels, how);
  how.activation = Activation::glu, how.add = add;
  return builder.add(builder.conv({builder.concat_elu(entered)}, channels, how), x);
}

// A block of each of two streams, the second of which reads the first.
inline std::pair<uint32_t, uint32_t> pixel_pair(FileBuilder& builder, uint32_t u, uint32_t v, uint32_t width, Type type) {
  u = pixel_block(builder, u, 1, width, -1, type);
  const uint32_t beside = builder.unrow(u, width, builder.values[v].domain);
  const uint32_t seen = builder.conv({builder.concat_elu(beside)}, 2 * builder.values[v].channels, {.type = type});
  return {u, pixel_block(builder, v, 0, width, int32_t(seen), type)};
}

// The streams of PixelCNN++ at two resolutions: one goes through rows as they begin, the other pixel by pixel.
inline FileBuilder two_streams(const StreamShape& shape) {
  FileBuilder builder;
  const Type type = builder.precision = shape.precision;
  const uint32_t channels = shape.channels, width = shape.width;
  builder.num_symbols = shape.num_symbols;
  builder.condition_channels = shape.condition_channels;
  const uint32_t x = builder.embed(3), above = builder.row(x, width);
  ConvOptions first = raster(width, {{1, -1}, {1, 0}, {1, 1}, {0, -1}}, 1, 1);
  if (shape.condition_channels > 0) first.add = int32_t(builder.conv({builder.condition()}, channels));
  first.type = type;
  ConvOptions rows = raster(width, {{1, 0}, {0, -1}, {0, 0}, {0, 1}});
  rows.type = type;
  uint32_t u = builder.conv({above}, channels, rows), v = builder.conv({x}, channels, first);
  std::tie(u, v) = pixel_pair(builder, u, v, width, type);
  uint32_t inner_u = builder.shrink(u, width), inner_v = builder.shrink(v, width);
  std::tie(inner_u, inner_v) = pixel_pair(builder, inner_u, inner_v, width / 2, type);
  u = builder.add(u, builder.grow(builder.conv({inner_u}, 4 * channels, {.type = type}), width));
  v = builder.add(v, builder.grow(builder.conv({inner_v}, 4 * channels, {.type = type}), width));
  v = pixel_pair(builder, u, v, width, type).second;
  builder.conv({builder.concat_elu(v)}, shape.num_symbols, {.type = type});
  return builder;
}

struct TextShape {
  Type precision = Type::f32;
  uint32_t num_symbols = 16, channels = 6, kernel_size = 3, num_layers = 3;
  uint32_t condition_channels = 0;
  uint32_t frame_size = 0;  // of what is normed at a slower clock; 0: nothing
  bool units = true;        // a ByteNet's: multiplicative ones, or ReLU alone
  bool columns = false;     // of a source, added to the input
  uint32_t heads = 0;       // that attend to a source, added to the input
  uint32_t seed = 1;
};

// The embedding, to which a normed condition and normed frames of the past are added.
inline uint32_t add_text_input(FileBuilder& builder, const TextShape& shape, uint32_t channels) {
  builder.num_symbols = shape.num_symbols;
  builder.condition_channels = shape.condition_channels;
  builder.precision = shape.precision;
  uint32_t x = builder.embed(channels);
  if (shape.columns) x = builder.column(x);
  if (shape.heads > 0) {
    x = builder.add(x, builder.attend(builder.conv({x}, channels, {.type = shape.precision}), shape.heads));
    x = builder.conv({builder.attend(x, 0, 37)}, channels, {.add = int32_t(x), .type = shape.precision});
  }
  if (shape.condition_channels > 0) {
    const uint32_t said = builder.conv({builder.condition()}, channels, {.type = shape.precision});
    x = builder.add(x, builder.norm(said));
  }
  if (shape.frame_size > 0) {
    const uint32_t frames = builder.frame(x, shape.frame_size);
    const uint32_t normed = builder.norm(frames, Activation::relu);
    x = builder.add(x, builder.unframe(builder.add(frames, normed, Activation::relu)));
  }
  return x;
}

// Residual blocks of norms, ReLUs and convolutions; two of them may be multiplicative units.
inline FileBuilder bytenet(const TextShape& shape = {}) {
  FileBuilder builder(shape.seed);
  const Type type = shape.precision;
  const uint32_t channels = shape.channels;
  const Activation relu = Activation::relu, units = shape.units ? Activation::multiply : Activation::none;
  uint32_t x = add_text_input(builder, shape, 2 * channels);
  for (uint32_t layer = 0; layer < shape.num_layers; ++layer) {
    uint32_t y = builder.norm(builder.conv({builder.norm(x, relu)}, channels, {.type = type}),
                              shape.units ? Activation::none : relu);
    if (shape.units) y = builder.conv({y}, channels, {.activation = units, .type = type});
    y = builder.conv({y}, channels,
                     {.kernel_size = shape.kernel_size, .dilation = 1u << layer, .activation = units, .type = type});
    x = builder.conv({builder.norm(y, relu)}, 2 * channels, {.add = int32_t(x), .type = type});
  }
  builder.conv({builder.conv({x}, 2 * channels, {.activation = relu, .type = type})}, shape.num_symbols,
               {.type = type});
  return builder;
}

// Blocks of two convolutions of `channels`, the first with its skip connection widened from fewer.
inline FileBuilder tcn(const TextShape& shape = {}) {
  FileBuilder builder(shape.seed);
  const Type type = shape.precision;
  uint32_t x = add_text_input(builder, shape, 7);
  for (uint32_t layer = 0; layer < shape.num_layers; ++layer) {
    const ConvOptions how{.kernel_size = shape.kernel_size, .dilation = 1u << layer, .activation = Activation::relu,
                          .type = type};
    const uint32_t y = builder.conv({builder.conv({x}, shape.channels, how)}, shape.channels, how);
    if (layer == 0) x = builder.conv({x}, shape.channels, {.type = type});
    x = builder.add(y, x, Activation::relu);
  }
  builder.conv({x}, shape.num_symbols, {.type = type});
  return builder;
}

struct RecurrentShape {
  Type precision = Type::f32;
  OpKind cell = OpKind::lstm;  // or gru, or conv, the plain cell
  uint32_t num_symbols = 16, channels = 6, num_layers = 2;
  uint32_t condition_channels = 0;
  uint32_t frame_size = 0;  // of a layer of the same cell at a slower clock; 0: none
  uint32_t most = 0;        // steps that the last layer's states are recalled of; 0: they are not
  bool feedback = false;    // the first layer's input adds what the last one made a step ago
  uint32_t seed = 1;
};

// Recurrent layers upon one another.
inline FileBuilder recurrent(const RecurrentShape& shape = {}) {
  FileBuilder builder(shape.seed);
  const Type type = shape.precision;
  uint32_t x = add_text_input(builder, {.precision = type, .num_symbols = shape.num_symbols,
                                        .condition_channels = shape.condition_channels}, shape.channels + 1);
  if (shape.frame_size > 0) {
    const uint32_t slow = builder.recurrent(shape.cell, builder.frame(x, shape.frame_size), shape.channels, type);
    x = builder.add(x, builder.unframe(builder.conv({slow}, (shape.channels + 1) * shape.frame_size, {.type = type})));
  }
  const uint32_t last = shape.feedback ? builder.previous(shape.channels) : 0;
  if (shape.feedback) x = builder.conv({last}, shape.channels + 1, {.add = int32_t(x), .type = type});
  for (uint32_t layer = 0; layer < shape.num_layers; ++layer)
    x = builder.recurrent(shape.cell, x, shape.channels, type, layer > 0);
  if (shape.feedback) builder.repeat(last, x);
  if (shape.most > 0) {
    const uint32_t query = builder.conv({x}, 11, {.type = type}), key = builder.conv({x}, 11, {.type = type});
    const uint32_t seen = builder.recall(query, key, x, shape.most, "recall");
    x = builder.conv({x, seen}, shape.channels, {.activation = Activation::tanh, .type = type});
  }
  builder.conv({x}, shape.num_symbols, {.type = type});
  return builder;
}

struct VectorShape {
  Type precision = Type::f32;
  uint32_t num_elements = 5, channels = 6;
  uint32_t frame_size = 0;  // of what is at a slower clock; 0: nothing
  uint32_t seed = 1;
};

// Two convolutions, of which one remembers, over what a step is.
inline void add_layers(FileBuilder& builder, uint32_t x, const VectorShape& shape, uint32_t outputs) {
  const Type type = shape.precision;
  x = builder.conv({x}, shape.channels, {.kernel_size = 2, .dilation = 3, .activation = Activation::gate, .type = type});
  if (shape.frame_size > 0) x = builder.add(x, builder.unframe(builder.frame(x, shape.frame_size)));
  builder.conv({x}, outputs, {.type = type});
}

// A piano roll's: each step is a set of elements.
inline FileBuilder roll(const VectorShape& shape = {}) {
  FileBuilder builder(shape.seed);
  builder.precision = shape.precision;
  builder.num_symbols = 2;
  builder.emission = {EmissionKind::bernoulli, shape.num_elements, 0, 0};
  add_layers(builder, builder.embed(1), shape, shape.num_elements);
  return builder;
}

// A picture's: each step is a pixel of three coupled values.
inline FileBuilder coloured(const VectorShape& shape = {}, uint32_t num_symbols = 16, uint32_t num_components = 2) {
  FileBuilder builder(shape.seed);
  builder.precision = shape.precision;
  builder.num_symbols = num_symbols;
  builder.emission = {EmissionKind::coupled_logistics, num_components, 0.1, 3};
  add_layers(builder, builder.embed(1), shape, uint32_t(builder.emission.num_params(num_symbols)));
  return builder;
}

// Floats in, half as many or one more of them out.
inline FileBuilder audio_effect(const VectorShape& shape = {}) {
  FileBuilder builder(shape.seed);
  builder.precision = shape.precision;
  builder.num_symbols = 0;
  builder.emission = {EmissionKind::none, 0, 0, 0};
  add_layers(builder, builder.floats(shape.num_elements), shape, shape.num_elements / 2 + 1);
  return builder;
}

struct TransformerShape {
  Type precision = Type::f32;
  uint32_t num_symbols = 16, channels = 24, heads = 3, num_layers = 2, width = 40;
  uint32_t most = 400, window = 0;  // one of them is 0
  bool rotary = false, norm_first = true, rms = false;
  Activation activation = Activation::gelu;
  uint32_t condition_channels = 0;
  uint32_t seed = 1;
};

// Blocks of self-attention and a feed-forward network, and a head.
inline FileBuilder transformer(const TransformerShape& shape = {}) {
  FileBuilder builder(shape.seed);
  const Type type = builder.precision = shape.precision;
  builder.num_symbols = shape.num_symbols;
  builder.condition_channels = shape.condition_channels;
  uint32_t x = builder.embed(shape.channels);
  if (shape.condition_channels > 0) x = builder.add(x, builder.conv({builder.condition()}, shape.channels));
  const auto named = [](uint32_t layer) { return "blocks." + std::to_string(layer) + ".attention"; };
  std::vector<uint32_t> rotation;
  if (shape.rotary)
    rotation.push_back(builder.rotation(shape.channels / shape.heads, shape.most, named(0)));
  else
    x = builder.position(x, shape.most, 0.7f, named(0));
  const auto norm = [&](uint32_t y) { return builder.norm(y, Activation::none, shape.rms); };
  for (uint32_t layer = 0; layer < shape.num_layers; ++layer) {
    const uint32_t given = shape.norm_first ? norm(x) : x;
    std::vector<uint32_t> read{builder.conv({given}, 3 * shape.channels, {.type = type})};
    read.insert(read.end(), rotation.begin(), rotation.end());
    const uint32_t seen = builder.attention(read, shape.heads, shape.most, shape.window, named(layer));
    x = builder.conv({seen}, shape.channels, {.add = int32_t(x), .type = type});
    if (!shape.norm_first) x = norm(x);
    const uint32_t between = builder.conv({shape.norm_first ? norm(x) : x}, shape.width,
                                          {.activation = shape.activation, .type = type});
    x = builder.conv({between}, shape.channels, {.add = int32_t(x), .type = type});
    if (!shape.norm_first) x = norm(x);
  }
  builder.conv({shape.norm_first ? norm(x) : x}, shape.num_symbols, {.type = type});
  return builder;
}

}  // namespace undertow::testing
