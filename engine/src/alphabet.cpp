#include "undertow/alphabet.h"

#include <algorithm>
#include <cmath>

namespace undertow {

namespace {

constexpr const char* mu_law = "mu_law";
constexpr const char* linear = "linear_pcm";

std::string text_of(const Facts& facts, std::string_view name) {
  const Fact* fact = find(facts, name);
  return fact && !fact->texts.empty() ? fact->texts[0] : "";
}

// x = f⁻¹(2q / μ - 1), where f(x) = sign(x) · ln(1 + μ|x|) / ln(1 + μ); or the integer as a share of full scale.
float decoded(uint32_t symbol, uint32_t num_symbols, bool companded) {
  if (!companded) return float((double(symbol) - num_symbols / 2) / (num_symbols / 2));
  const double mu = num_symbols - 1, place = 2 * double(symbol) / mu - 1;
  return float(std::copysign(std::expm1(std::fabs(place) * std::log1p(mu)) / mu, place));
}

// Bytes of the UTF-8 character that begins with this byte.
size_t length_of(char first) {
  const auto byte = uint8_t(first);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

Alphabet::Alphabet(const Facts& facts, uint32_t num_symbols)
    : num_symbols_(num_symbols), kind_(text_of(facts, "alphabet")), real_(text_of(facts, "real")),
      unit_(text_of(facts, "unit")) {
  if (kind_ == mu_law || kind_ == linear) {
    if (num_symbols < 2) throw Error("the model file has an alphabet of sound with fewer than 2 symbols");
    for (uint32_t symbol = 0; symbol < num_symbols; symbol++)
      samples_.push_back(decoded(symbol, num_symbols, kind_ == mu_law));
  }
  const Fact* symbols = find(facts, "symbols");
  if (!symbols) return;
  if (symbols->texts.size() != num_symbols)
    throw Error("the model file has the bytes of " + std::to_string(symbols->texts.size()) + " symbols, and " +
                std::to_string(num_symbols) + " symbols");
  texts_ = symbols->texts;
  for (uint32_t symbol = 0; symbol < num_symbols; symbol++) by_text_.emplace(texts_[symbol], symbol);
}

void Alphabet::check(int64_t symbol) const {
  if (symbol < 0 || symbol >= num_symbols_)
    throw Error("symbol " + std::to_string(symbol) + " is outside the alphabet, 0 to " +
                std::to_string(num_symbols_ - 1));
}

float Alphabet::sample(int64_t symbol) const {
  if (!is_sound()) throw Error("this model's symbols are not samples of sound");
  check(symbol);
  return samples_[size_t(symbol)];
}

int64_t Alphabet::symbol(float sample) const {
  if (!is_sound()) throw Error("this model's symbols are not samples of sound");
  if (std::isnan(sample)) throw Error("a sample is not a number; samples are from -1 to 1");
  const double wave = std::clamp(double(sample), -1.0, 1.0), half = num_symbols_ / 2, mu = num_symbols_ - 1;
  if (kind_ == linear) return std::min(int64_t(std::floor(wave * half + 0.5)) + int64_t(half), int64_t(mu));
  const double companded = std::copysign(std::log1p(mu * std::fabs(wave)) / std::log1p(mu), wave);
  return int64_t(std::floor((companded + 1) / 2 * mu + 0.5));
}

std::string_view Alphabet::bytes(int64_t symbol) const {
  if (!is_text()) throw Error("this model's symbols are not text");
  check(symbol);
  return texts_[size_t(symbol)];
}

std::string Alphabet::text(std::span<const int64_t> symbols) const {
  if (!is_text()) throw Error("this model's symbols are not text");
  std::string whole;
  for (int64_t symbol : symbols) whole += bytes(symbol);
  return whole;
}

std::vector<int64_t> Alphabet::symbols(std::string_view text) const {
  if (!is_text()) throw Error("this model's symbols are not text");
  if (kind_ != "bytes" && kind_ != "characters")
    throw Error("this model reads " + (unit_.empty() ? "symbol" : unit_) +
                "s that only their tokenizer divides; give symbols");
  std::vector<int64_t> found;
  for (size_t at = 0; at < text.size();) {
    const std::string_view one = text.substr(at, kind_ == "bytes" ? 1 : length_of(text[at]));
    const auto symbol = by_text_.find(one);
    if (symbol == by_text_.end())
      throw Error("the " + unit_ + " at byte " + std::to_string(at + 1) + " of the text is not in the alphabet");
    found.push_back(symbol->second);
    at += one.size();
  }
  return found;
}

}  // namespace undertow
