#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace undertow {

// The checksum of zlib, PNG and Ethernet (reflected polynomial 0xEDB88320).
uint32_t crc32(std::span<const std::byte> data);

}  // namespace undertow
