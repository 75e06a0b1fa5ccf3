// The bytes of a file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace undertow {

// Throws Error, which names the file.
std::vector<std::byte> read_file(const std::filesystem::path& path);

}  // namespace undertow
