// What a model file tells programs about its model, by name: its rate, its alphabet, its labels. The engine itself
// reads none of it; `Model` (undertow/model.h) does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace undertow {

// A list of one type; the other two are empty. Texts are UTF-8, except the bytes that a symbol stands for.
struct Fact {
  enum class Kind : uint32_t { texts = 0, integers = 1, floats = 2 };

  std::string name;
  Kind kind;
  std::vector<std::string> texts{};
  std::vector<int64_t> integers{};
  std::vector<float> floats{};
};

using Facts = std::vector<Fact>;

// The fact of that name; null if the file has none.
const Fact* find(const Facts& facts, std::string_view name);

}  // namespace undertow
