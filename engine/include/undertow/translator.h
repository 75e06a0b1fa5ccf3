// A translator from its file: text in, text out, by greedy search. Its encoder reads a source whole, its decoder writes.
//
//   undertow::Translator translator = undertow::load_translator("runs/translator-int8/model.engine");
//   std::string text = translator.translate("A dog runs.");
//
// Everything throws undertow::Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "undertow/alphabet.h"

namespace undertow {

struct TranslatorOptions {
  uint32_t threads = 1;      // the caller is the first
  std::string isa = "auto";  // the processor's best, or "scalar", "avx2", …
};

// One thread at a time may use a translator.
class Translator {
 public:
  // The bytes of a file; they are copied.
  explicit Translator(std::span<const std::byte> file, const TranslatorOptions& options = {});
  ~Translator();
  Translator(Translator&&) noexcept;
  Translator& operator=(Translator&&) noexcept;

  // The most probable symbol after the other, until the end symbol. Spaces around the text do not count, and nothing
  // becomes nothing. At most `most` symbols, the end among them; 0: 50 more than the source has, its end included, and
  // no more than the decoder holds. Throws for characters that the source's alphabet has not; a source of sub-words is
  // given as symbols, which only its tokenizer makes.
  std::string translate(std::string_view text, size_t most = 0);
  std::vector<int64_t> translate(std::span<const int64_t> symbols, size_t most = 0);

  const Alphabet& source() const;
  const Alphabet& target() const;
  const std::vector<std::string>& direction() const;  // names of the source and the target
  const char* precision() const;                      // "float32", "bfloat16" or "int8"

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The translator in a file.
Translator load_translator(const std::filesystem::path& file, const TranslatorOptions& options = {});

}  // namespace undertow
