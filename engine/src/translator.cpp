#include "undertow/translator.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "memory.h"
#include "program.h"
#include "read_file.h"
#include "undertow/encoder.h"
#include "undertow/engine.h"

namespace undertow {

namespace {

constexpr size_t longer = 50;  // most symbols that a target may be longer than its source (arXiv 1706.03762, 6.1)
constexpr std::string_view of_source = "source.";

// What Python takes for white space.
constexpr std::string_view spaces[] = {
    " ",          "\t",         "\n",         "\v",         "\f",         "\r",         "\x1C",       "\x1D",
    "\x1E",       "\x1F",       "\u0085",     "\u00A0",     "\u1680",     "\u2000",     "\u2001",     "\u2002",
    "\u2003",     "\u2004",     "\u2005",     "\u2006",     "\u2007",     "\u2008",     "\u2009",     "\u200A",
    "\u2028",     "\u2029",     "\u202F",     "\u205F",     "\u3000"};

std::string_view stripped(std::string_view text) {
  const auto drop = [&](std::string_view space) {
    if (text.starts_with(space)) return text.remove_prefix(space.size()), true;
    if (text.ends_with(space)) return text.remove_suffix(space.size()), true;
    return false;
  };
  while (std::ranges::any_of(spaces, drop)) {
  }
  return text;
}

// The engine's errors, as programs know them.
template <class Work>
auto guarded(const Work& work) {
  try {
    return work();
  } catch (const std::invalid_argument& error) {
    throw Error(error.what());
  } catch (const std::logic_error& error) {
    throw Error(error.what());
  }
}

std::shared_ptr<const Program> decoder_of(std::span<const std::byte> file, const std::string& isa) {
  return std::make_shared<const Program>(files_in(file).first, isa);
}

std::shared_ptr<const Program> encoder_of(std::span<const std::byte> file, const std::string& isa) {
  const std::span<const std::byte> encoder = files_in(file).second;
  if (encoder.empty()) throw Error("the model file has no encoder: it is no translator's, or was exported without it");
  auto program = std::make_shared<const Program>(encoder, isa);
  if (program->graph.num_symbols == 0) throw Error("this model reads frames of sound, not text");
  return program;
}

// Facts of the source, which stand beside those of the target.
Facts source_facts(const Facts& facts) {
  Facts found;
  for (Fact fact : facts)
    if (fact.name.starts_with(of_source)) fact.name.erase(0, of_source.size()), found.push_back(std::move(fact));
  return found;
}

size_t most_of(const Facts& facts, std::string_view name) {
  const Fact* fact = find(facts, name);
  return fact && fact->integers.size() == 1 && fact->integers[0] > 0 ? size_t(fact->integers[0]) : SIZE_MAX;
}

uint32_t without_end(const Graph& graph) {
  if (graph.emission.kind != EmissionKind::categorical || graph.num_symbols < 2 || graph.is_encoder())
    throw Error("the model file's decoder writes no text");
  return graph.num_symbols - 1;
}

}  // namespace

struct Translator::Parts {
  Parts(std::span<const std::byte> file, const TranslatorOptions& options)
      : decoder(decoder_of(file, options.isa)), engine(decoder, 1, options.threads),
        encoder(encoder_of(file, options.isa), options.threads),
        source(source_facts(decoder->graph.facts), encoder.program().graph.num_symbols),
        target(decoder->graph.facts, without_end(decoder->graph)), end(target.num_symbols()),
        most_source(most_of(decoder->graph.facts, "source.max_length")),
        most_target(most_of(decoder->graph.facts, "max_length")), begun(engine.state()) {
    const Fact* names = find(decoder->graph.facts, "direction");
    if (names) direction = names->texts;
  }

  void begin(std::vector<int64_t> symbols) {
    for (int64_t symbol : symbols)
      if (symbol < 0 || symbol >= source.num_symbols()) throw Error("a symbol of the source lies outside its alphabet");
    symbols.push_back(source.num_symbols());
    if (symbols.size() > most_source)
      throw Error("the source has " + std::to_string(symbols.size() - 1) + " symbols; this model reads " +
                  std::to_string(most_source - 1) + " at most");
    const int64_t length = int64_t(symbols.size());
    Encoded encoded = encoder.encode({symbols.data(), nullptr, 1, length, &length});
    engine.reset();
    if (!memory_shapes(decoder->graph).empty()) engine.set_memory(encoded.memory, {0});
    if (encoded.first.empty()) return;
    std::vector<Leaf> state = begun;
    for (Leaf& first : encoded.first)
      for (Leaf& leaf : state)
        if (leaf.name == first.name) leaf = first;
    engine.restore(std::move(state));
  }

  std::vector<int64_t> write(size_t most) {
    std::vector<int64_t> written;
    const int64_t key[] = {0, 0, 0};
    while (written.size() + 1 < most) {
      int64_t symbol = 0;
      engine.run({&symbol, 1, 1, {}, {.temperature = 0}, nullptr, 0, key});
      if (symbol == end) break;
      if (symbol > end) throw Error("the model's parameters are not numbers, so it cannot write anything");
      written.push_back(symbol);
    }
    return written;
  }

  std::shared_ptr<const Program> decoder;
  Engine engine;
  Encoder encoder;
  Alphabet source, target;
  int64_t end;
  size_t most_source, most_target;
  std::vector<Leaf> begun;  // the decoder's state before any source
  std::vector<std::string> direction{};
};

Translator::Translator(std::span<const std::byte> file, const TranslatorOptions& options)
    : parts_(guarded([&] { return std::make_unique<Parts>(file, options); })) {}
Translator::~Translator() = default;
Translator::Translator(Translator&&) noexcept = default;
Translator& Translator::operator=(Translator&&) noexcept = default;

std::string Translator::translate(std::string_view text, size_t most) {
  const std::string_view line = stripped(text);
  return line.empty() ? "" : parts_->target.text(translate(parts_->source.symbols(line), most));
}

std::vector<int64_t> Translator::translate(std::span<const int64_t> symbols, size_t most) {
  if (symbols.empty()) return {};
  if (most > parts_->most_target)
    throw Error("this model writes " + std::to_string(parts_->most_target) + " symbols at most");
  const size_t limit = most > 0 ? most : std::min(symbols.size() + 1 + longer, parts_->most_target);
  return guarded([&] {
    parts_->begin({symbols.begin(), symbols.end()});
    return parts_->write(limit);
  });
}

const Alphabet& Translator::source() const { return parts_->source; }
const Alphabet& Translator::target() const { return parts_->target; }
const std::vector<std::string>& Translator::direction() const { return parts_->direction; }
const char* Translator::precision() const { return name(parts_->decoder->graph.precision); }

Translator load_translator(const std::filesystem::path& file, const TranslatorOptions& options) {
  const std::vector<std::byte> content = read_file(file);
  try {
    return Translator(content, options);
  } catch (const Error& error) {
    throw Error(file.string() + ": " + error.what());
  }
}

}  // namespace undertow
