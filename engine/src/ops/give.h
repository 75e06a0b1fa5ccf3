// What an encoder gives.
#pragma once

#include <cstdint>

#include "undertow/graph.h"

namespace undertow {

enum class Give : uint32_t { memory, first, kept };

// Of the op give.
Give given_part(const Op& op);

}  // namespace undertow
