// What a model's symbols stand for: samples of sound, or bytes of text.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "undertow/error.h"
#include "undertow/facts.h"

namespace undertow {

class Alphabet {
 public:
  // Throws Error where the facts do not fit so many symbols.
  Alphabet(const Facts& facts, uint32_t num_symbols);

  uint32_t num_symbols() const { return num_symbols_; }
  const std::string& kind() const { return kind_; }  // "mu_law", "linear_pcm", "bytes", "characters", "subwords", …
  const std::string& real() const { return real_; }  // "sound", "text", "images", …
  const std::string& unit() const { return unit_; }  // name of a step: "sample", "character", …
  bool is_sound() const { return !samples_.empty(); }
  bool is_text() const { return !texts_.empty(); }

  // Sound: a symbol as a sample in [-1, 1], and the symbol of a sample, which is clipped to that range. Neither
  // allocates.
  //
  // Throw Error for another alphabet, a symbol outside it, or a sample that is not a number.
  float sample(int64_t symbol) const;
  int64_t symbol(float sample) const;

  // Text: the bytes of symbols; joined they are UTF-8, of which one symbol may hold a part. And the symbols of a text.
  //
  // Throw Error for another alphabet, a symbol or character outside it; `symbols` also for sub-words, which only their
  // tokenizer divides.
  std::string_view bytes(int64_t symbol) const;
  std::string text(std::span<const int64_t> symbols) const;
  std::vector<int64_t> symbols(std::string_view text) const;

 private:
  void check(int64_t symbol) const;

  uint32_t num_symbols_;
  std::string kind_, real_, unit_;
  std::vector<float> samples_;       // of each symbol
  std::vector<std::string> texts_;   // of each symbol
  std::map<std::string, int64_t, std::less<>> by_text_;
};

}  // namespace undertow
