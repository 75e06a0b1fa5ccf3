// Encoders: what each op makes of whole rows, the same bits whatever reads beside them, and what is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "brief.h"
#include "crc32.h"
#include "encoders.h"
#include "kernels.h"
#include "program.h"
#include "refusal.h"
#include "undertow/encoder.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

const std::vector<int64_t> lengths = {3, 70, 1, 33, 3, 9};
constexpr int64_t rows = 6, longest = 70;

std::shared_ptr<const Program> program_of(const FileBuilder& builder, std::string_view isa = "auto") {
  return std::make_shared<const Program>(builder.build(), isa);
}

// Rows from `first` on, as many as `number`, of symbols or of three floats.
Encoded read(const std::shared_ptr<const Program>& program, uint32_t threads = 1, int64_t first = 0, int64_t number = rows) {
  std::vector<int64_t> symbols(rows * longest);
  std::vector<float> inputs(3 * symbols.size());
  for (size_t i = 0; i < symbols.size(); i++) symbols[i] = int64_t(i * 37 % 101 % 16);
  for (size_t i = 0; i < inputs.size(); i++) inputs[i] = float(i * 53 % 97) / 40 - 1;
  const bool embeds = program->graph.num_symbols > 0;
  Encoder encoder(program, threads);
  return encoder.encode({embeds ? symbols.data() + first * longest : nullptr, embeds ? nullptr : inputs.data() + 3 * first * longest,
                         number, longest, lengths.data() + first});
}

uint32_t checksum(const Encoded& encoded) {
  std::vector<float> numbers;
  for (const auto* leaves : {&encoded.memory, &encoded.first})
    for (const Leaf& leaf : *leaves) {
      numbers.insert(numbers.end(), leaf.integers.begin(), leaf.integers.end());
      numbers.insert(numbers.end(), leaf.floats.begin(), leaf.floats.end());
    }
  return crc32(std::as_bytes(std::span(numbers)));
}

std::string refusal_of(Encoder& encoder, const Sources& sources) {
  try {
    encoder.encode(sources);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

const float* step_of(const Leaf& leaf, int64_t row, int64_t step) {
  const size_t size = leaf.floats.size() / size_t(leaf.shape[0] * leaf.shape[1]);
  return leaf.floats.data() + size_t(row * leaf.shape[1] + step) * size;
}

constexpr uint32_t expected[] = {  // of columns, attention and cells, in float32, bfloat16 and int8
    0x4e56e915, 0x5a6f23ef, 0xb019a3fa,
    0xa7d4321d, 0x021e58a9, 0xcb958147,
    0x99c9abdc, 0x3c2e3710, 0x0d7b466e,
};

}  // namespace

TEST_CASE("encoders give the numbers that were written down, on every instruction set and any number of threads") {
  size_t number = 0;
  for (Type type : {Type::f32, Type::bf16, Type::i8})
    for (const FileBuilder& builder : {column_encoder(type), mutual_encoder(type), recurrent_encoder(type)}) {
      for (const Kernels* kernels : tried(usable_kernels())) {
        INFO(number, " on ", kernels->name);
        CHECK(checksum(read(program_of(builder, kernels->name))) == expected[number]);
      }
      CHECK(checksum(read(program_of(builder), 3)) == expected[number++]);
    }
}

TEST_CASE("a row has the same numbers alone, and zeros behind it") {
  for (const FileBuilder& builder : {column_encoder(Type::f32), mutual_encoder(Type::f32), recurrent_encoder(Type::i8)}) {
    const auto program = program_of(builder);
    const Encoded all = read(program);
    for (int64_t row = 0; row < rows; row++) {
      const Encoded one = read(program, 1, row, 1);
      for (size_t i = 1; i < all.memory.size(); i++) {
        const Leaf &whole = all.memory[i], &alone = one.memory[i];
        const size_t size = alone.floats.size() / size_t(alone.shape[1]);
        REQUIRE(alone.shape[1] == all.memory[0].integers[row]);
        CHECK(std::equal(alone.floats.begin(), alone.floats.end(), step_of(whole, row, 0)));
        for (int64_t step = alone.shape[1]; step < whole.shape[1]; step++)
          for (size_t c = 0; c < size; c++) CHECK(step_of(whole, row, step)[c] == 0.0f);
      }
      for (size_t i = 0; i < all.first.size(); i++)
        CHECK(std::equal(one.first[i].floats.begin(), one.first[i].floats.end(),
                         all.first[i].floats.begin() + row * all.first[i].shape[1]));
    }
  }
}

TEST_CASE("a row is stretched by zeros, turned around, and seen on both sides") {
  FileBuilder builder = begun(Type::f32, 16);
  const uint32_t x = stretch(builder, builder.embed(3), 1.5, 1), turned = reverse(builder, x);
  const uint32_t y = centred(builder, x, 2, 2, Type::f32);
  give(builder, {x, turned, y}, "all");
  const auto program = program_of(builder);
  const Encoded found = read(program);
  const Leaf& leaf = found.memory[1];
  CHECK(found.memory[0].integers == std::vector<int64_t>{6, 106, 3, 51, 6, 15});
  const float* weight = program->graph.tensors[1].f32();
  const float* bias = program->graph.tensors[2].f32();
  for (int64_t row = 0; row < rows; row++)
    for (int64_t step = 0, end = found.memory[0].integers[row]; step < end; step++) {
      const float* at = step_of(leaf, row, step);
      const auto input = [&](int64_t where, uint32_t c) {
        const float* table = program->graph.tensors[0].f32() + (row * longest + where) * 37 % 101 % 16 * 3;
        return where < 0 || where >= lengths[size_t(row)] ? 0.0f : table[c];
      };
      for (uint32_t c = 0; c < 3; c++) {
        CHECK(at[c] == input(step, c));
        CHECK(at[3 + c] == input(end - 1 - step, c));
      }
      for (uint32_t o = 0; o < 2; o++) {
        float sum = bias[o];
        for (const auto& [tap, lag] : {std::pair(0, 2), std::pair(2, -2), std::pair(1, 0)})
          for (uint32_t c = 0; c < 3; c++) sum = std::fma(weight[(o * 3 + uint32_t(tap)) * 3 + c], input(step - lag, c), sum);
        CHECK(at[6 + o] == sum);
      }
    }
}

TEST_CASE("attention of all steps to all is a softmax of their products") {
  FileBuilder builder = begun(Type::f32, 16);
  const uint32_t parts = builder.embed(12);
  give(builder, {mutual(builder, parts, 2)}, "seen");
  const auto program = program_of(builder);
  const Encoded found = read(program);
  for (int64_t row = 0; row < rows; row++)
    for (int64_t step = 0; step < lengths[size_t(row)]; step++) {
      const auto part = [&](int64_t at) { return program->graph.tensors[0].f32() + (row * longest + at) * 37 % 101 % 16 * 12; };
      for (uint32_t head = 0; head < 2; head++) {
        double total = 0, sums[2] = {0, 0};
        for (int64_t other = 0; other < lengths[size_t(row)]; other++) {
          const float *query = part(step) + 2 * head, *key = part(other) + 4 + 2 * head;
          const double weight = std::exp((double(query[0]) * key[0] + double(query[1]) * key[1]) / std::sqrt(2.0));
          total += weight;
          for (uint32_t c = 0; c < 2; c++) sums[c] += weight * part(other)[8 + 2 * head + c];
        }
        for (uint32_t c = 0; c < 2; c++)
          CHECK(double(step_of(found.memory[1], row, step)[2 * head + c]) == doctest::Approx(sums[c] / total).epsilon(1e-5));
      }
    }
}

TEST_CASE("what is kept and what comes first") {
  FileBuilder builder = recurrent_encoder(Type::f32);
  const auto program = program_of(builder);
  const Encoded found = read(program);
  REQUIRE(found.first.size() == 2);
  CHECK(found.first[0].name == "hidden");
  CHECK(found.first[1].shape == std::vector<int64_t>{rows, 20});
  for (float number : found.first[1].floats) CHECK(std::abs(number) > 0);
}

TEST_CASE("sources out of bounds are refused, and so are engines of encoders and encoders of what steps") {
  const auto program = program_of(column_encoder(Type::f32));
  Encoder encoder(program, 1);
  std::vector<int64_t> symbols(4, 16), some = {2, 2};
  const Sources right{symbols.data(), nullptr, 2, 2, some.data()};
  CHECK(refusal_of(encoder, right) == "");
  some[1] = 3;
  CHECK(refusal_of(encoder, right) == "a source has the length 3; it can be 1 to 2");
  some[1] = 0;
  CHECK(refusal_of(encoder, right) == "a source has the length 0; it can be 1 to 2");
  some[1] = 2, symbols[3] = 17;
  CHECK(refusal_of(encoder, right) == "a symbol lies outside the alphabet");
  CHECK(refusal_of(encoder, {nullptr, nullptr, 2, 2, some.data()}) == "sources of this model are symbols, not floats");
  CHECK(refusal_of(encoder, {symbols.data(), nullptr, 0, 2, some.data()}).starts_with("there are 0 sources"));
  CHECK_THROWS_AS(Engine(program, 1, 1), std::invalid_argument);
  CHECK_THROWS_AS(Encoder(program_of(small()), 1), std::invalid_argument);
  Encoder attends(program_of(mutual_encoder(Type::f32)), 1);
  const std::vector<float> inputs(3 * 91);
  const int64_t long_one = 91;
  CHECK(refusal_of(attends, {nullptr, inputs.data(), 1, 91, &long_one}) == "the steps reach 0 + 91; this model takes 90");
}

TEST_CASE("graphs that mix what steps with what reads whole sources are refused") {
  const auto spoilt = [](const auto& spoil, FileBuilder builder) { return refusal(spoil, builder); };
  const FileBuilder columns = column_encoder(Type::f32), layers = recurrent_encoder(Type::f32);
  CHECK(spoilt([](FileBuilder&) {}, columns) == "");
  CHECK(spoilt([](FileBuilder&) {}, mutual_encoder(Type::i8)) == "");
  CHECK(spoilt([](FileBuilder&) {}, layers) == "");
  CHECK(spoilt([](FileBuilder& b) { reverse(b, 0); b.output = 2; }, small()) ==
        "op 3 (reverse) sees a whole source, and this is no encoder: nothing is given");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings = {0, uint32_t(-3), 0}; }, small()) ==
        "op 1 (conv) sees a whole source, and this is no encoder: nothing is given");
  CHECK(spoilt([](FileBuilder& b) { b.column(0); }, columns).ends_with("(column) has no place in an encoder"));
  CHECK(spoilt([](FileBuilder& b) { stretch(b, 0, 1, 1); }, columns).ends_with("(stretch) is one of several"));
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings[1] = 0x7FF00000; }, columns).starts_with("op 1 (stretch) has the ratio"));
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings = {0}; }, columns) == "op 1 (stretch) has 1 settings, not 4: two doubles");
  CHECK(spoilt([](FileBuilder& b) { give(b, {0}, "columns"); }, columns) == "the encoder gives columns twice");
  CHECK(spoilt([](FileBuilder& b) { give(b, {0}, ""); }, columns).ends_with("(give) has no name"));
  CHECK(spoilt([](FileBuilder& b) { give(b, {0}, "x", Give::memory, 3); }, columns).ends_with("has 3 heads of 20 channels"));
  CHECK(spoilt([](FileBuilder& b) { give(b, {}, "x", Give::memory, 0, 20); }, columns).ends_with("(give) has 0 inputs"));
  CHECK(spoilt([](FileBuilder& b) { give(b, {}, "x", Give::kept, 0, 20); }, layers).ends_with("no op before it keeps a vector of that name"));
  CHECK(spoilt([](FileBuilder& b) { give(b, {0}, "x", Give(3)); }, layers).ends_with("has no part and heads that are known"));
  CHECK(spoilt([](FileBuilder& b) { mutual(b, 0, 2); }, columns).ends_with("reads 20 channels, not three times as many as 2 heads take"));
  CHECK(spoilt([](FileBuilder& b) { b.emission.kind = EmissionKind::categorical; b.output = 0; b.num_symbols = 20; },
               column_encoder(Type::f32, 20)).starts_with("the model file is an encoder's"));
  CHECK(spoilt([](FileBuilder& b) {
          const uint32_t last = b.previous(20), turned = reverse(b, last);
          b.repeat(last, b.conv({turned}, 20));
        }, columns).find("(reverse) sees a whole source, and is in the loop of op") != std::string::npos);
}

TEST_CASE("a file of a decoder and of an encoder is two") {
  const Bytes one = small().build(), other = column_encoder(Type::f32).build();
  Bytes both = one;
  both.insert(both.end(), other.begin(), other.end());
  const auto [first, second] = files_in(both);
  CHECK(first.size() == one.size());
  CHECK(std::equal(second.begin(), second.end(), other.begin(), other.end()));
  CHECK(files_in(one).second.empty());
  CHECK(files_in(std::span(both).first(one.size() + 20)).second.empty());
  CHECK(files_in(std::span(both).first(20)).first.size() == 20);
}

}  // namespace undertow::testing
