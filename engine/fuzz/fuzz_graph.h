#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace undertow {

// What reading the bytes as a model file says: the refusal, or "" for one that is read and then within every limit.
std::string refusal(std::span<const std::byte> file);

}  // namespace undertow
