// Spoils right model files at random and reads them: engine_fuzz CASES [SEED]. Ends with a crash, or what it did.
#include <sys/resource.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>

#include "encoders.h"
#include "networks.h"
#include "fuzz_graph.h"

namespace {

using namespace undertow;
using testing::Bytes;

constexpr double most_seconds = 10;  // of one small file, under sanitizers

// Of each type, and of every shape a program looks for.
const Facts facts{{"real", Fact::Kind::texts, {"sound"}},
                  {"alphabet", Fact::Kind::texts, {"mu_law"}},
                  {"sample_rate", Fact::Kind::integers, {}, {8000}},
                  {"labels", Fact::Kind::texts, {"speaker"}},
                  {"labels.0", Fact::Kind::texts, {"a", "b"}},
                  {"labels.0.vectors", Fact::Kind::floats, {}, {}, {0, 0.5f, 1}}};

// Rows of three pixels: a layer that is late and ahead, then one of two rows.
testing::FileBuilder raster(Type precision) {
  testing::FileBuilder builder;
  builder.precision = precision;
  builder.num_symbols = 4;
  const uint32_t x = builder.embed(2);
  const uint32_t y = builder.conv({x}, 2, {.lags = {3, 1}, .width = 3, .late = 1, .ahead = 1, .columns = {-1, 1},
                                           .type = precision});
  builder.conv({y}, 4, {.lags = {2, 0}, .width = 3, .columns = {1, 0}, .type = precision});
  return builder;
}

std::vector<Bytes> right_files() {
  std::vector<Bytes> files;
  for (const Type precision : {Type::f32, Type::bf16, Type::i8}) {
    testing::WaveNetShape shape{.precision = precision, .num_symbols = 4, .channels = 2, .gate_channels = 4,
                                .skip_channels = 2, .num_params = 4, .layers_per_cycle = 1};
    files.push_back(testing::wavenet(shape).build());
    shape.condition_channels = 1;
    shape.frame_size = 2;
    shape.num_params = 3;
    shape.emission = {EmissionKind::mixture_of_logistics, 1, 0.1, 3};
    testing::FileBuilder mixture = testing::wavenet(shape);
    mixture.facts = facts;
    files.push_back(mixture.build());
    testing::TextShape text{.precision = precision, .num_symbols = 4, .channels = 2, .kernel_size = 2, .num_layers = 1};
    files.push_back(testing::bytenet(text).build());
    text.columns = true;
    files.push_back(testing::bytenet(text).build());
    text.columns = false, text.heads = 2;
    files.push_back(testing::bytenet(text).build());
    text.heads = 0;
    text.condition_channels = 1;
    text.frame_size = 2;
    files.push_back(testing::tcn(text).build());
    for (const bool rotary : {false, true})
      files.push_back(testing::transformer({.precision = precision, .num_symbols = 4, .channels = 4, .heads = 2,
                                            .num_layers = 1, .width = 2, .most = rotary ? 0u : 9u,
                                            .window = rotary ? 3u : 0u, .rotary = rotary}).build());
    files.push_back(raster(precision).build());
    files.push_back(testing::column_encoder(precision, 4, 2).build());
    files.push_back(testing::mutual_encoder(precision, 2, 1, 4).build());
    files.push_back(testing::recurrent_encoder(precision, 4, 2).build());
    files.push_back(testing::pixels({.precision = precision, .num_symbols = 4, .channels = 2, .phases = 2}).build());
    for (const bool diagonal : {false, true})
      files.push_back(testing::pixel_rnn({.precision = precision, .num_symbols = 4, .channels = 2, .width = 3,
                                          .diagonal = diagonal}).build());
    files.push_back(testing::two_streams({.precision = precision, .num_symbols = 4, .channels = 1, .width = 2}).build());
    const testing::PredictorShape predicted{.precision = precision, .num_symbols = 4, .channels = 2, .order = 2};
    files.push_back(testing::predictor(predicted).build());
    files.push_back(testing::roll({.precision = precision, .num_elements = 3, .channels = 2}).build());
    files.push_back(testing::coloured({.precision = precision, .channels = 2}, 4, 1).build());
    files.push_back(testing::audio_effect({.precision = precision, .num_elements = 2, .channels = 2}).build());
    for (const OpKind cell : {OpKind::lstm, OpKind::gru, OpKind::conv})
      files.push_back(testing::recurrent({.precision = precision, .cell = cell, .num_symbols = 4, .channels = 2,
                                          .num_layers = 1, .condition_channels = 1, .frame_size = 2,
                                          .most = cell == OpKind::gru ? 9u : 0u,
                                          .feedback = cell == OpKind::conv}).build());
  }
  return files;
}

// Sizes that fit together and are out of all proportion: a file of a few weights that asks for much.
class Boaster {
 public:
  explicit Boaster(std::mt19937_64& random) : random_(random), builder_(uint32_t(random())) {}

  Bytes next() {
    builder_.num_symbols = uint32_t(4);
    builder_.condition_channels = below(2) != 0 ? large(20) : 0;
    uint32_t x = builder_.embed(large(4));
    for (size_t i = 0, count = below(6); i < count; ++i) x = grown(x);
    builder_.conv({x}, builder_.num_symbols);
    return builder_.build();
  }

 private:
  size_t below(size_t limit) { return random_() % limit; }
  uint32_t large(uint32_t most_bits) { return 1u << below(most_bits + 1); }
  std::string name() const { return "op." + std::to_string(builder_.ops.size()); }

  // The pixel above, of long rows.
  uint32_t raster(uint32_t x, Type type) {
    const uint32_t width = large(28);
    return builder_.conv({x}, large(4), {.lags = {width}, .width = width, .columns = {0}, .type = type});
  }

  // Rows as they begin, at several resolutions, and back.
  uint32_t streams(uint32_t x, Type type) {
    const uint32_t width = large(14), levels = uint32_t(below(6));
    uint32_t y = builder_.row(x, width), pixels = width;
    for (uint32_t level = 0; level < levels; level++, pixels /= 2) y = builder_.shrink(y, std::max(2u, pixels));
    y = builder_.conv({y}, large(4), {.type = type});
    for (uint32_t level = 0; level < levels; level++) y = builder_.grow(builder_.conv({y}, large(4) * 4), pixels *= 2);
    return builder_.unrow(y, width, 0);
  }

  uint32_t grown(uint32_t x) {
    const Type type = below(2) != 0 ? Type::i8 : Type::f32;
    switch (below(12)) {
      case 11:
        return streams(x, type);
      case 10:
        if (below(2) != 0) return builder_.unturn(builder_.turn(x, large(14)));
        return builder_.lstm_of_rows(x, large(4), large(28), {{1, 0}}, type);
      case 9:
        return raster(x, type);
      case 8:
        return builder_.attention({builder_.conv({x}, 3 * large(8), {.type = type})}, 1, large(28), 0, name());
      case 7:
        return builder_.recall(x, x, x, large(28), name());
      case 5:
        return builder_.attend(x, below(2) != 0 ? large(3) : 0, large(4));
      case 4:
        return builder_.recurrent(below(2) != 0 ? OpKind::lstm : OpKind::gru, x, large(4), type);
      case 0:
        return builder_.conv({x}, large(4), {.kernel_size = 2, .dilation = large(30), .type = type});
      case 1:
        return builder_.values[x].channels > 64 ? x : builder_.unframe(builder_.frame(x, large(20)));
      case 2:
        return below(2) != 0 ? builder_.add(x, x) : builder_.product(x, x);
      case 3:
        return builder_.column(x);
      default:
        if (builder_.condition_channels == 0) return x;
        builder_.condition();
        return x;
    }
  }

  std::mt19937_64& random_;
  testing::FileBuilder builder_;
};

class Spoiler {
 public:
  explicit Spoiler(uint64_t seed) : random_(seed), files_(right_files()) {}

  Bytes next() {
    if (below(64) == 0) return Boaster(random_).next();
    Bytes file = pick();
    for (size_t i = 0, count = 1 + below(4); i < count && file.size() > 8; ++i) spoil(file);
    if (below(8) != 0 && file.size() >= 24) {
      const uint64_t size = file.size();
      if (below(16) != 0) std::memcpy(file.data() + 16, &size, sizeof size);
      testing::seal(file);
    }
    return file;
  }

 private:
  size_t below(size_t limit) { return random_() % limit; }
  const Bytes& pick() { return files_[below(files_.size())]; }

  // Three times in four among the tables.
  size_t place(const Bytes& file) {
    const size_t tables = std::min<size_t>(file.size(), 1200);
    return below(below(4) != 0 ? tables : file.size());
  }

  void spoil(Bytes& file) {
    switch (below(8)) {
      case 0:
        file[place(file)] ^= std::byte(1 << below(8));
        break;
      case 1:
        file[place(file)] = std::byte(random_());
        break;
      case 2:
      case 3:
      case 4:
        write_field(file);
        break;
      case 5:
        copy_part(file, file);
        break;
      case 6:
        copy_part(pick(), file);
        break;
      default:
        resize(file);
    }
  }

  void write_field(Bytes& file) {
    constexpr uint32_t odd[] = {0, 1, 2, 3, 4, 7, 64, 255, 256, 65535, 65536, 1u << 20, 1u << 24, 0x7FFFFFFF,
                                0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x7F800000, 0x7FC00000};
    const size_t at = place(file) / 4 * 4;
    if (at + 4 > file.size()) return;
    uint32_t field;
    std::memcpy(&field, file.data() + at, sizeof field);
    field = below(2) != 0 ? field + uint32_t(below(5)) - 2 : odd[below(std::size(odd))];
    std::memcpy(file.data() + at, &field, sizeof field);
  }

  void copy_part(const Bytes& from, Bytes& to) {
    const size_t source = place(from) / 4 * 4, target = place(to) / 4 * 4;
    const size_t most = std::min({from.size() - source, to.size() - target, size_t(64)});
    std::memmove(to.data() + target, from.data() + source, below(most + 1));
  }

  void resize(Bytes& file) {
    const size_t size = below(2) != 0 ? below(file.size()) : file.size() + below(128);
    file.resize(size, std::byte(random_()));
  }

  std::mt19937_64 random_;
  std::vector<Bytes> files_;
};

std::string without_numbers(std::string message) {
  std::erase_if(message, [](unsigned char letter) { return std::isdigit(letter) != 0; });
  return message;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long long cases = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const unsigned long long seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  for (const Bytes& file : right_files()) {
    if (const std::string message = refusal(file); !message.empty()) {
      std::fprintf(stderr, "a right file is refused: %s\n", message.c_str());
      return 1;
    }
  }
  Spoiler spoiler(seed);
  using Clock = std::chrono::steady_clock;
  std::map<std::string, unsigned long long> refusals;
  unsigned long long read = 0;
  double slowest = 0;
  for (unsigned long long i = 0; i < cases; ++i) {
    const Bytes file = spoiler.next();
    const auto began = Clock::now();
    const std::string message = refusal(file);
    slowest = std::max(slowest, std::chrono::duration<double>(Clock::now() - began).count());
    if (message.empty()) {
      ++read;
    } else {
      ++refusals[without_numbers(message)];
    }
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf("%llu spoilt model files (seed %llu): %llu read, the others refused in %zu ways; no crash; the slowest took "
              "%.3f s, and the process at most %ld MB\n",
              cases, seed, read, refusals.size(), slowest, long(used.ru_maxrss / 1024));
  return slowest > most_seconds ? 1 : 0;
}
