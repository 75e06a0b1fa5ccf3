#include "crc32.h"

#include <array>

namespace undertow {
namespace {

constexpr size_t slice = 8;
using Tables = std::array<std::array<uint32_t, 256>, slice>;

// tables[j][b]: what byte b does to the checksum when j more bytes of its slice follow it.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ (remainder & 1 ? 0xEDB88320u : 0);
    tables[0][byte] = remainder;
  }
  for (size_t j = 1; j < slice; ++j) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[j - 1][byte];
      tables[j][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

uint32_t crc32(std::span<const std::byte> data) {
  uint32_t checksum = ~uint32_t(0);
  for (; data.size() >= slice; data = data.subspan(slice)) {
    uint32_t next = 0;
    for (size_t j = 0; j < slice; ++j) {
      const uint32_t mixed = j < 4 ? (checksum >> (8 * j)) & 0xFF : 0;
      next ^= tables[slice - 1 - j][mixed ^ uint32_t(data[j])];
    }
    checksum = next;
  }
  for (std::byte byte : data) checksum = (checksum >> 8) ^ tables[0][(checksum & 0xFF) ^ uint32_t(byte)];
  return ~checksum;
}

}  // namespace undertow
