// What this machine could do at best, to hold an engine's speed against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "undertow/graph.h"

namespace undertow {

// Bytes a second that threads read, each its own share of `bytes` again and again; the best of several rounds.
//
// Both throw std::invalid_argument unless there are 1 to 256 threads; this one also for more than 64 GiB.
double read_bandwidth(size_t bytes, uint32_t threads, std::string_view isa);

// Multiply-adds a second that threads do on what is in their registers; bfloat16 weights are multiplied as floats.
double matrix_peak(Type precision, uint32_t threads, std::string_view isa);

}  // namespace undertow
