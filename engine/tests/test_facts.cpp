// Facts for programs: they are read as they were written, and a file whose facts cannot be read is refused in one line.
#include <doctest/doctest.h>

#include <limits>

#include "facts.h"
#include "refusal.h"

using namespace undertow;
using namespace undertow::testing;

namespace {

FileBuilder telling(Facts facts) {
  FileBuilder builder = small();
  builder.facts = std::move(facts);
  return builder;
}

// A file of one fact whose value is these bytes.
Bytes of_value(uint32_t kind, const std::string& value) {
  Bytes file = telling({{"a", Fact::Kind::texts, {value}}}).build();
  const uint32_t size = uint32_t(value.size());
  const auto put = [&](size_t at, const void* from, size_t bytes) { std::memcpy(file.data() + at, from, bytes); };
  put(156, &kind, 4);
  put(160, &size, 4);
  std::memset(file.data() + 164, 0, (value.size() + 3) / 4 * 4);  // of the text's size too
  put(164, value.data(), value.size());  // the rest of the tables is never reached
  seal(file);
  return file;
}

}  // namespace

TEST_CASE("facts are read as they were written") {
  const Facts facts{{"real", Fact::Kind::texts, {"sound"}},
                    {"symbols", Fact::Kind::texts, {"", "a", std::string("\0\xff", 2), "caf\xC3\xA9"}},
                    {"sample_rate", Fact::Kind::integers, {}, {8000}},
                    {"far", Fact::Kind::integers, {}, {std::numeric_limits<int64_t>::min(), -1}},
                    {"labels.0.vectors", Fact::Kind::floats, {}, {}, {0.5f, -0.0f, 1e-40f}},
                    {"none", Fact::Kind::texts}};
  const Graph graph = parse(telling(facts).build());
  REQUIRE(graph.facts.size() == facts.size());
  for (size_t i = 0; i < facts.size(); ++i) {
    CHECK(graph.facts[i].name == facts[i].name);
    CHECK(graph.facts[i].kind == facts[i].kind);
    CHECK(graph.facts[i].texts == facts[i].texts);
    CHECK(graph.facts[i].integers == facts[i].integers);
    CHECK(graph.facts[i].floats == facts[i].floats);
  }
  CHECK(find(graph.facts, "real")->texts[0] == "sound");
  CHECK(find(graph.facts, "rea") == nullptr);
  CHECK(parse(small().build()).facts.empty());
}

TEST_CASE("a file with facts, cut short at any byte or with one bit flipped, is refused") {
  const Bytes file = telling({{"a", Fact::Kind::texts, {"b", "cde"}}, {"b", Fact::Kind::integers, {}, {1, 2}}}).build();
  for (size_t bytes = 0; bytes < 400; ++bytes) CHECK(refusal({file.begin(), file.begin() + ptrdiff_t(bytes)}) != "");
  for (size_t bit = 8 * 144; bit < 8 * 260; ++bit) {
    Bytes flipped = file;
    flipped[bit / 8] ^= std::byte(1 << bit % 8);
    CHECK(refusal(flipped) != "");
  }
}

TEST_CASE("facts that cannot be read") {
  const auto refused = [](Facts facts) { return refusal(telling(std::move(facts)).build()); };
  CHECK(refused({{"", Fact::Kind::texts}}) == "fact 0 has no name");
  CHECK(refused({{"a b", Fact::Kind::texts}}) == "fact 0 has a name that is not of visible ASCII characters");
  CHECK(refused({{"a", Fact::Kind::texts}, {"a", Fact::Kind::floats}}) == "the model file has two facts called a");
  CHECK(refused({{"a", Fact::Kind(3)}}) == "fact 0 (a) is of the unknown type 3");
  CHECK(refused({{"a", Fact::Kind::floats, {}, {}, {0, std::numeric_limits<float>::infinity()}}}) ==
        "fact 0 (a) has a number that is NaN or infinite");
  CHECK(refused(Facts(1025, {"a", Fact::Kind::texts})) == "the model file has 1025 facts; the most is 1024");
  CHECK(refusal(of_value(0, std::string("\1\0\0", 3))) == "fact 0 is cut short in a text's size");
  CHECK(refusal(of_value(0, std::string("\5\0\0\0ab", 6))) ==
        "fact 0 is cut short: a text of 5 bytes reaches past its end");
  CHECK(refusal(of_value(1, std::string(12, 'a'))) == "fact 0 has 12 bytes, which are not whole numbers");
  CHECK(refusal(of_value(2, std::string(6, 'a'))) == "fact 0 has 6 bytes, which are not whole numbers");
  Bytes file = telling({{"a", Fact::Kind::texts, {"bcde"}}}).build();
  const uint32_t large = ~0u;
  std::memcpy(file.data() + 160, &large, sizeof large);
  seal(file);
  CHECK(refusal(file) == "fact 0 has 4294967295 bytes, and the model file no room for them");
}
