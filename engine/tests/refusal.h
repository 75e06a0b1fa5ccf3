// What the tests of refusals share: a small right file, and what the engine says of it once it is spoilt.
#pragma once

#include <functional>
#include <string>

#include "file_builder.h"

namespace undertow::testing {

// embed (value 0, tensor 0) -> gate (value 1, tensors 1, 2) -> output (value 2, tensors 3, 4)
inline FileBuilder small(Type type = Type::f32) {
  FileBuilder builder;
  builder.precision = type;
  const uint32_t x = builder.embed(3);
  builder.conv({x}, 4, {.kernel_size = 2, .dilation = 3, .activation = Activation::gate, .type = type});
  builder.conv({builder.output}, 16, {.type = type});
  return builder;
}

inline std::string refusal(const Bytes& file) {
  try {
    parse(file);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

inline std::string refusal(const std::function<void(FileBuilder&)>& spoil, FileBuilder builder = small()) {
  spoil(builder);
  return refusal(builder.build());
}

}  // namespace undertow::testing
