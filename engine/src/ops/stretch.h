// How many steps a row of an encoder has.
#pragma once

#include <cstdint>

#include "undertow/graph.h"

namespace undertow {

// Of the op stretch: the steps of a row whose source has `steps`.
uint64_t stretched(const Op& op, uint64_t steps);

}  // namespace undertow
