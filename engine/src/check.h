// What a model file may say: its limits, and the refusal of graphs that could not be run.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "undertow/graph.h"

namespace undertow {

constexpr uint32_t max_domains = 64;
constexpr uint32_t max_values = 1 << 13;  // and ops; each op makes one value
constexpr uint32_t max_inputs = 1 << 16;  // of all ops
constexpr uint32_t max_settings = 1 << 16;  // of an op
constexpr uint32_t max_tensors = 1 << 18;
constexpr uint32_t max_symbols = 1 << 24;
constexpr uint32_t max_channels = 1 << 20;           // of a value
constexpr uint64_t max_total_channels = 1 << 20;     // of all values; nor more than the file has bytes
constexpr uint64_t max_frame_steps = 1 << 20;        // steps in one tick of a domain
constexpr uint64_t max_turned = 1 << 12;             // steps of a row that is turned
constexpr uint64_t max_history = 1 << 28;            // steps a convolution looks back
constexpr uint64_t max_place = uint64_t(1) << 40;    // in a raster
constexpr uint64_t max_int8_products = 1 << 16;      // 32 bits hold the sum of so many, whatever the inputs
constexpr uint64_t max_state_numbers = 1 << 27;      // a row keeps from step to step

// Throw the parts, written one after the other, as a FormatError.
template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  std::ostringstream message;
  (message << ... << parts);
  throw FormatError(message.str());
}

const char* name(OpKind kind);
std::string shape(const Tensor& tensor);  // 64x2x32

// Refuse a graph whose parts do not fit together. Its enums are known ones and its tensors within its memory.
void check(const Graph& graph, size_t file_bytes);

// The parts of check(): each op by itself, and the numbers in tensors.
void check_ops(const Graph& graph);
void check_numbers(const Graph& graph);

}  // namespace undertow
