// The part of a model file that says what programs need to know, undertow/facts.h.
#pragma once

#include "reader.h"
#include "undertow/facts.h"

namespace undertow {

constexpr uint32_t max_facts = 1 << 10;

// Throws FormatError where they are cut short, too many, of an unknown type, not finite, or two have one name.
Facts read_facts(Reader& reader);

}  // namespace undertow
