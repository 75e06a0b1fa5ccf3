// Small models of every op, activation and type of weight, for tests that step them.
#pragma once

#include <string>
#include <vector>

#include "check.h"
#include "networks.h"

namespace undertow::testing {

struct Model {
  std::string name;
  uint32_t condition_channels;
  Bytes file;
};

inline std::vector<Model> make_models() {
  std::vector<Model> all;
  for (Type type : {Type::f32, Type::bf16, Type::i8}) {
    const auto add = [&](const std::string& kind, const auto& shape, const FileBuilder& builder) {
      all.push_back({kind + " in " + name(type), shape.condition_channels, builder.build()});
    };
    for (const WaveNetShape& shape :
         {WaveNetShape{.precision = type, .channels = 24, .gate_channels = 40, .skip_channels = 40, .cycles = 2},
          WaveNetShape{.precision = type, .channels = 33, .gate_channels = 14, .kernel_size = 3,
                       .condition_channels = 5},
          WaveNetShape{.precision = type, .channels = 16, .gate_channels = 160, .skip_channels = 300, .cycles = 4,
                       .frame_size = 4},
          WaveNetShape{.precision = type, .input_kernel_size = 3, .kernel_size = 4, .layers_per_cycle = 5,
                       .condition_channels = 2, .frame_size = 3, .scalar = true}})
      add("wavenet", shape, wavenet(shape));
    for (const TextShape& shape :
         {TextShape{.precision = type, .channels = 92, .kernel_size = 2, .num_layers = 1},
          TextShape{.precision = type, .channels = 5, .condition_channels = 3, .frame_size = 4},
          TextShape{.precision = type, .channels = 24, .kernel_size = 2, .num_layers = 4, .units = false}})
      add("bytenet", shape, bytenet(shape));
    for (const TextShape& shape :
         {TextShape{.precision = type, .channels = 40, .num_layers = 2},
          TextShape{.precision = type, .channels = 19, .kernel_size = 4, .condition_channels = 2, .frame_size = 3}})
      add("tcn", shape, tcn(shape));
    for (const RecurrentShape& shape :
         {RecurrentShape{.precision = type, .channels = 72, .condition_channels = 3},
          RecurrentShape{.precision = type, .cell = OpKind::gru, .channels = 21, .num_layers = 1, .frame_size = 3},
          RecurrentShape{.precision = type, .cell = OpKind::conv, .channels = 32, .feedback = true},
          RecurrentShape{.precision = type, .cell = OpKind::gru, .channels = 80, .num_layers = 1, .most = 400}})
      add("recurrent", shape, recurrent(shape));
    const TextShape decoder{.precision = type, .channels = 21, .num_layers = 2, .units = false, .columns = true};
    add("bytenet of columns", decoder, bytenet(decoder));
    for (const TransformerShape& shape :
         {TransformerShape{.precision = type},
          TransformerShape{.precision = type, .channels = 36, .heads = 2, .most = 0, .window = 30, .rotary = true,
                           .norm_first = false, .activation = Activation::swiglu, .condition_channels = 2},
          TransformerShape{.precision = type, .channels = 70, .heads = 1, .num_layers = 1, .rotary = true, .rms = true,
                           .activation = Activation::gelu_tanh},
          TransformerShape{.precision = type, .channels = 8, .heads = 4, .most = 0, .window = 2, .rotary = true,
                           .activation = Activation::tanh}})
      add("transformer", shape, transformer(shape));
    const TextShape attentive{.precision = type, .channels = 36, .num_layers = 1, .heads = 3};
    add("bytenet that attends", attentive, bytenet(attentive));
    for (const PixelShape& shape : {PixelShape{.precision = type, .channels = 20},
                                    PixelShape{.precision = type, .channels = 9, .phases = 3}})
      add(shape.phases > 1 ? "pixels of colour" : "pixels", shape, pixels(shape));
    for (const PixelRnnShape& shape : {PixelRnnShape{.precision = type, .channels = 20},
                                       PixelRnnShape{.precision = type, .channels = 9, .width = 4, .diagonal = true}})
      add(shape.diagonal ? "diagonals of pixels" : "rows of pixels", shape, pixel_rnn(shape));
    for (const StreamShape& shape : {StreamShape{.precision = type, .channels = 20, .condition_channels = 3},
                                     StreamShape{.precision = type, .channels = 5, .width = 2}})
      add("streams of pixels", shape, two_streams(shape));
    const PredictorShape predicted{.precision = type, .channels = 20, .order = 17, .condition_channels = 3};
    add("predictor", predicted, predictor(predicted));
  }
  return all;
}

// Made once: that takes longer than some of the tests that step one of them.
inline const std::vector<Model>& models() {
  static const std::vector<Model> all = make_models();
  return all;
}

}  // namespace undertow::testing
