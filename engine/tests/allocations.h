// How often this program has allocated memory.
#pragma once

#include <cstdint>

namespace undertow::testing {

uint64_t num_allocations();

}  // namespace undertow::testing
