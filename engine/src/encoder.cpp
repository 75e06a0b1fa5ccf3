#include "undertow/encoder.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>

#include "program.h"
#include "source_reader.h"
#include "team.h"
#include "use.h"

namespace undertow {

namespace {

constexpr int64_t most_rows = 1 << 20;
constexpr uint64_t most_steps = 1 << 24;  // of a row
constexpr uint64_t most_numbers = uint64_t(1) << 34;  // 64 GiB, that are given

}  // namespace

std::pair<std::span<const std::byte>, std::span<const std::byte>> files_in(std::span<const std::byte> file) {
  constexpr size_t size_at = 16, envelope = 24;
  constexpr std::string_view magic = "UNDERTOW";
  uint64_t bytes = file.size();
  if (file.size() > envelope) std::memcpy(&bytes, file.data() + size_at, sizeof bytes);
  if (bytes > file.size() || file.size() - bytes < envelope || std::memcmp(file.data() + bytes, magic.data(), magic.size()) != 0)
    return {file, {}};
  return {file.first(bytes), file.subspan(bytes)};
}

Encoder::Encoder(std::shared_ptr<const Program> program, uint32_t threads) : program_(std::move(program)) {
  if (!program_->graph.is_encoder()) throw std::invalid_argument("this model is no encoder");
  check_threads(threads);
  const DefinedArithmetic arithmetic;
  for (uint32_t n = 0; n < threads; n++) readers_.push_back(std::make_unique<SourceReader>(*program_));
  team_ = std::make_unique<Team>(threads);
}

Encoder::~Encoder() = default;

void Encoder::check(const Sources& sources) const {
  const int64_t symbols = program_->graph.num_symbols;
  if ((sources.symbols == nullptr) != (symbols == 0))
    throw std::invalid_argument(symbols == 0 ? "sources of this model are floats, not symbols"
                                             : "sources of this model are symbols, not floats");
  if (sources.rows < 1 || sources.rows > most_rows)
    throw std::invalid_argument("there are " + std::to_string(sources.rows) + " sources; there can be 1 to " +
                                std::to_string(most_rows));
  for (int64_t row = 0; row < sources.rows; row++) {
    const int64_t length = sources.lengths[row];
    if (length < 1 || length > sources.stride)
      throw std::invalid_argument("a source has the length " + std::to_string(length) + "; it can be 1 to " +
                                  std::to_string(sources.stride));
    for (int64_t step = 0; sources.symbols && step < length; step++)
      if (const int64_t symbol = sources.symbols[row * sources.stride + step]; symbol < 0 || symbol > symbols)
        throw std::invalid_argument("a symbol lies outside the alphabet");
  }
}

// Rows that are about as long stand beside one another.
Encoded Encoder::encode(const Sources& sources) {
  const Use use(reading_);
  check(sources);
  std::vector<uint32_t> order(size_t(sources.rows));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t one, uint32_t other) { return sources.lengths[one] > sources.lengths[other]; });
  SourceReader& first = *readers_[0];
  const uint64_t longest = first.steps_of(uint64_t(sources.lengths[order[0]]));
  if (longest > most_steps)
    throw std::invalid_argument("a source takes " + std::to_string(longest) + " steps; the most is " + std::to_string(most_steps));
  uint64_t numbers = 0;
  for (const Op& op : program_->graph.ops)
    if (op.kind == OpKind::give) numbers += program_->graph.values[op.output].channels * longest * uint64_t(sources.rows);
  if (numbers > most_numbers) throw std::invalid_argument("what is given of so many sources would take more than 64 GiB");
  std::vector<std::span<const uint32_t>> parts;
  const size_t share = (order.size() + readers_.size() - 1) / readers_.size();
  size_t vectors = 0;
  for (size_t begin = 0; begin < order.size(); begin += parts.back().size()) {
    const uint64_t steps = first.steps_of(uint64_t(sources.lengths[order[begin]]));
    parts.push_back(std::span(order).subspan(begin, std::min({size_t(first.rows_at_once(steps)), share, order.size() - begin})));
    vectors = std::max(vectors, parts.back().size() * steps);
  }
  const DefinedArithmetic arithmetic;
  for (auto& reader : readers_) reader->make_room(longest, vectors);
  Encoded encoded = empty_encoded(program_->graph, sources.rows, int64_t(longest));
  team_->run([&](uint32_t member) {
    for (size_t part = member; part < parts.size(); part += readers_.size()) readers_[member]->read(sources, parts[part], encoded);
  });
  return encoded;
}

}  // namespace undertow
