// Symbols as samples, and as text.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "undertow/alphabet.h"

using undertow::Alphabet;
using undertow::Error;
using undertow::Fact;

namespace {

Alphabet of(const char* kind, uint32_t num_symbols, std::vector<std::string> symbols = {}) {
  undertow::Facts facts{{"alphabet", Fact::Kind::texts, {kind}}, {"unit", Fact::Kind::texts, {"character"}}};
  if (!symbols.empty()) facts.push_back({"symbols", Fact::Kind::texts, symbols});
  return Alphabet(facts, num_symbols);
}

}  // namespace

TEST_CASE("mu-law") {
  for (uint32_t levels : {2u, 5u, 256u, 65536u}) {
    const Alphabet alphabet = of("mu_law", levels);
    CHECK(alphabet.is_sound());
    CHECK(alphabet.sample(0) == -1);
    CHECK(alphabet.sample(levels - 1) == 1);
    const long double mu = levels - 1;
    for (int64_t symbol = 0; symbol < levels; symbol += 1 + levels / 1000) {
      const long double place = 2 * symbol / mu - 1;
      const long double sample = std::copysign((std::pow(1 + mu, std::fabs(place)) - 1) / mu, place);
      CHECK(double(alphabet.sample(symbol)) == doctest::Approx(double(sample)).epsilon(1e-7));
      CHECK(alphabet.symbol(alphabet.sample(symbol)) == symbol);
    }
  }
  const Alphabet alphabet = of("mu_law", 256);
  CHECK(alphabet.symbol(-7) == 0);
  CHECK(alphabet.symbol(std::numeric_limits<float>::infinity()) == 255);
  CHECK(alphabet.symbol(0) == 128);
}

TEST_CASE("linear PCM is exact") {
  const Alphabet alphabet = of("linear_pcm", 65536);
  for (int64_t symbol = 0; symbol < 65536; symbol += 123) {
    CHECK(alphabet.sample(symbol) == float(symbol - 32768) / 32768);
    CHECK(alphabet.symbol(alphabet.sample(symbol)) == symbol);
  }
  CHECK(alphabet.symbol(1) == 65535);
  CHECK(alphabet.symbol(-1) == 0);
}

TEST_CASE("text") {
  const Alphabet characters = of("characters", 3, {"a", "\xC3\xA9", "\xF0\x9F\x99\x82"});
  CHECK(characters.is_text());
  const std::string text = "\xC3\xA9" "aa\xF0\x9F\x99\x82";
  CHECK(characters.symbols(text) == std::vector<int64_t>{1, 0, 0, 2});
  CHECK(characters.text(std::vector<int64_t>{1, 0, 0, 2}) == text);
  CHECK_THROWS_WITH_AS(characters.symbols("ab"), "the character at byte 2 of the text is not in the alphabet", Error);
  CHECK_THROWS_AS(characters.symbols("a\xF0"), Error);
  std::vector<std::string> all;
  for (int byte = 0; byte < 256; byte++) all.emplace_back(1, char(byte));
  const Alphabet bytes = of("bytes", 256, all);
  CHECK(bytes.symbols("\xC3\xA9") == std::vector<int64_t>{0xC3, 0xA9});
  CHECK(bytes.bytes(0) == std::string(1, '\0'));
  CHECK_THROWS_AS(of("subwords", 2, {"ab", "a"}).symbols("ab"), Error);
}

TEST_CASE("what an alphabet cannot do is refused in one line") {
  const Alphabet sound = of("mu_law", 256), text = of("characters", 2, {"a", "b"});
  CHECK_THROWS_WITH_AS(sound.sample(256), "symbol 256 is outside the alphabet, 0 to 255", Error);
  CHECK_THROWS_AS(sound.sample(-1), Error);
  CHECK_THROWS_WITH_AS(sound.symbol(std::nanf("")), "a sample is not a number; samples are from -1 to 1", Error);
  CHECK_THROWS_WITH_AS(sound.text(std::vector<int64_t>{0}), "this model's symbols are not text", Error);
  CHECK_THROWS_WITH_AS(text.sample(0), "this model's symbols are not samples of sound", Error);
  CHECK_THROWS_AS(text.symbol(0.5f), Error);
  CHECK_THROWS_WITH_AS(of("characters", 3, {"a"}), "the model file has the bytes of 1 symbols, and 3 symbols", Error);
}
