// Writes sound of one channel in 16 bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>

// Returns whether the whole file was written.
inline bool write_wav(const std::string& path, std::span<const float> samples, uint32_t sample_rate) {
  std::ofstream file(path, std::ios::binary);
  const auto put = [&](uint32_t number, int bytes) {
    for (int i = 0; i < bytes; i++) file.put(char(number >> 8 * i));
  };
  const uint32_t data_bytes = uint32_t(2 * samples.size());
  file << "RIFF";
  put(36 + data_bytes, 4);
  file << "WAVEfmt ";
  put(16, 4);               // bytes of the format
  put(1, 2);                // integers
  put(1, 2);                // channels
  put(sample_rate, 4);
  put(2 * sample_rate, 4);  // bytes a second
  put(2, 2);                // bytes a step
  put(16, 2);               // bits
  file << "data";
  put(data_bytes, 4);
  for (float sample : samples) put(uint32_t(int32_t(std::lround(32767 * std::clamp(sample, -1.0f, 1.0f)))), 2);
  file.close();
  return !file.fail();
}
