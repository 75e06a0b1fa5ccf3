// A named part of the state of rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace undertow {

// Floats (rows, …), or one integer a row.
struct Leaf {
  std::string name;
  std::vector<int64_t> shape;
  bool integer = false;
  std::vector<float> floats;
  std::vector<int64_t> integers;
};

}  // namespace undertow
