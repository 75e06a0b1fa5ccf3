// Streams: the symbols of the engine, in blocks of any size, without allocations; saved, and loaded again.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include "allocations.h"
#include "crc32.h"
#include "face_models.h"
#include "undertow/engine.h"
#include "undertow/stream.h"

using namespace undertow::testing;
using undertow::Error;
using undertow::Stream;
using undertow::StreamOptions;

namespace {

undertow::Model sound(undertow::Type precision = undertow::Type::f32, uint32_t feature_channels = 0) {
  return undertow::Model(of_sound(precision, feature_channels).build());
}

std::vector<int64_t> drawn(Stream& stream, size_t count, const float* condition = nullptr) {
  std::vector<int64_t> symbols(count);
  stream.draw(symbols, condition);
  return symbols;
}

std::vector<float> ramp(size_t count) {
  std::vector<float> samples(count);
  for (size_t i = 0; i < count; i++) samples[i] = float(i % 21) / 10 - 1;
  return samples;
}

}  // namespace

TEST_CASE("a stream draws what the engine draws, in chunks of any size") {
  for (undertow::Type precision : {undertow::Type::f32, undertow::Type::i8}) {
    const undertow::Model model = sound(precision);
    const undertow::Sampling sampling{0.9, 12, 0.95};
    const StreamOptions options{.seed = 5, .row = 3, .label = "theo", .sampling = sampling};
    undertow::Engine engine(model.program(), 1, 1);
    std::vector<int64_t> expected(1200);
    const std::vector<float> condition = model.condition("theo");
    const int64_t keys[] = {5, 3, 0};
    engine.run({expected.data(), 1200, 1200, {condition.data(), 1, 3}, sampling, nullptr, 0, keys});
    Stream whole(model, options), chunks(model, options), as_samples(model, options);
    CHECK(drawn(whole, 1200) == expected);
    std::vector<int64_t> joined;
    for (size_t chunk : {1, 15, 512, 0, 600, 72})
      for (int64_t symbol : drawn(chunks, chunk)) joined.push_back(symbol);
    CHECK(joined == expected);
    CHECK(chunks.position() == 1200);
    std::vector<float> samples(1200);
    as_samples.draw(samples.data(), 700);
    as_samples.draw(samples.data() + 700, 500);
    for (size_t i = 0; i < samples.size(); i++) REQUIRE(samples[i] == model.alphabet().sample(expected[i]));
    whole.reset();
    CHECK(drawn(whole, 1200) == expected);
  }
}

TEST_CASE("a stream draws what Python draws") {
  const std::string folder = UNDERTOW_GOLDEN;
  std::ifstream expected(folder + "/stream.txt");
  REQUIRE(expected.good());
  Stream stream(undertow::load(folder + "/int8-categorical.engine"), {.seed = 7, .labels = {{"speaker", "theo"}}});
  int64_t symbol, steps = 0;
  for (float sample; expected >> symbol >> sample; steps++) {
    REQUIRE(drawn(stream, 1)[0] == symbol);
    CHECK(stream.model().alphabet().sample(symbol) == doctest::Approx(sample).epsilon(1e-7));
  }
  CHECK(steps == 300);
}

TEST_CASE("known symbols: as drawn ones, with the parameters of each") {
  Stream one(sound(), {.seed = 1, .labels = {{"speaker", "lucas"}}}), other(sound(), {.seed = 1, .label = "lucas"});
  const std::vector<int64_t> begun = drawn(one, 700);
  std::vector<float> params(700 * 16);
  other.feed(begun, nullptr, params.data());
  CHECK(drawn(one, 50) == drawn(other, 50));
  // At a temperature of 0, each is the most probable.
  Stream greedy(sound(), {.label = "lucas", .sampling = {.temperature = 0}});
  std::vector<int64_t> expected(700), processed(begun);
  for (size_t i = 0; i < 700; i++)
    expected[i] = std::max_element(&params[16 * i], &params[16 * i] + 16) - &params[16 * i];
  greedy.process(processed, processed);
  CHECK(processed == expected);
  CHECK(greedy.position() == 700);
}

TEST_CASE("processing what the stream itself would draw gives the same") {
  Stream drawing(sound(), {.seed = 4}), reading(sound(), {.seed = 4});
  const std::vector<int64_t> symbols = drawn(drawing, 1100);
  std::vector<int64_t> out(1100);
  reading.process(symbols, out);
  CHECK(out == symbols);
  Stream by_sample(sound(), {.seed = 4});
  std::vector<float> samples(1100);
  for (size_t i = 0; i < 1100; i++) samples[i] = by_sample.model().alphabet().sample(symbols[i]);
  by_sample.process(samples.data(), samples.data(), 1100);
  for (size_t i = 0; i < 1100; i++) REQUIRE(samples[i] == by_sample.model().alphabet().sample(symbols[i]));
}

TEST_CASE("the condition of every step") {
  const undertow::Model model = sound(undertow::Type::f32, 2);
  std::vector<float> condition(60 * 5);
  for (size_t i = 0; i < condition.size(); i++) condition[i] = float(i % 7) / 7;
  Stream whole(model), chunks(model);
  const std::vector<int64_t> expected = drawn(whole, 60, condition.data());
  std::vector<int64_t> joined = drawn(chunks, 1, condition.data());
  for (int64_t symbol : drawn(chunks, 59, condition.data() + 5)) joined.push_back(symbol);
  CHECK(joined == expected);
  CHECK_THROWS_WITH_AS(drawn(whole, 1), "this model needs the condition of every step", Error);
}

TEST_CASE("steps that are vectors of symbols") {
  const undertow::Model model(roll().build());
  CHECK(model.num_elements() == 5);
  Stream whole(model, {.seed = 6}), chunks(model, {.seed = 6}), reading(model, {.seed = 6});
  const std::vector<int64_t> expected = drawn(whole, 5 * 600);
  CHECK(whole.position() == 600);
  std::vector<int64_t> joined = drawn(chunks, 5), processed(expected.size());
  for (int64_t symbol : drawn(chunks, 5 * 599)) joined.push_back(symbol);
  CHECK(joined == expected);
  reading.process(expected, processed);
  CHECK(processed == expected);
  const std::vector<std::byte> saved = reading.save();
  const std::vector<int64_t> next = drawn(reading, 50);
  chunks.load(saved);
  CHECK(drawn(chunks, 50) == next);
  CHECK_THROWS_WITH_AS(drawn(whole, 7), "a step of this model is 5 symbols; these are 7", Error);
}

TEST_CASE("a model that predicts gives outputs of each symbol, and none is drawn") {
  FileBuilder builder(1);
  const uint32_t x = builder.embed(6);
  builder.conv({x}, 3, {.kernel_size = 2});
  builder.emission.kind = undertow::EmissionKind::none;
  const undertow::Model model(builder.build());
  Stream whole(model), chunks(model);
  const std::vector<int64_t> symbols{3, 1, 4, 1, 5, 9};
  std::vector<float> outputs(18), joined(18), expected(18);
  whole.feed(symbols, nullptr, outputs.data());
  chunks.feed(std::span(symbols).first(1), nullptr, joined.data());
  chunks.feed(std::span(symbols).last(5), nullptr, joined.data() + 3);
  CHECK(joined == outputs);
  undertow::Engine(model.program(), 1, 1).feed({symbols.data(), 6, {}, expected.data()});
  CHECK(outputs == expected);
  CHECK(chunks.save() == whole.save());
  chunks.load(whole.save());
  CHECK_THROWS_WITH_AS(drawn(whole, 1), "this model predicts, and nothing is drawn from it: feed gives what it predicts",
                       Error);
  std::vector<int64_t> out(6);
  CHECK_THROWS_AS(whole.process(symbols, out), Error);
}

TEST_CASE("a model of floats maps blocks of them") {
  const undertow::Model model(audio_effect({.num_elements = 1}).build());
  REQUIRE(model.input_channels() == 1);
  REQUIRE(model.num_params() == 1);
  Stream whole(model), chunks(model), samples(model);
  const std::vector<float> in = ramp(1000);
  std::vector<float> out(1000), joined(1000), in_place = in;
  whole.process(in.data(), out.data(), 1000);
  CHECK(out[0] != out[1]);
  const uint64_t before = num_allocations();
  for (size_t done = 0, chunk = 16; done < 1000; done += chunk, chunk = std::min<size_t>(2 * chunk, 1000 - done))
    chunks.process(in.data() + done, joined.data() + done, chunk);
  CHECK(num_allocations() == before);
  CHECK(joined == out);
  samples.process(in_place.data(), in_place.data(), 1000);
  CHECK(in_place == out);
  chunks.load(whole.save());
  chunks.feed(in.data(), 10);
  whole.process(in.data(), out.data(), 10);
  CHECK(chunks.save() == whole.save());
  in_place[3] = std::nanf("");
  CHECK_THROWS_WITH_AS(whole.process(in_place.data(), out.data(), 5), "an input of step 3 is not a number", Error);
  CHECK_THROWS_WITH_AS(drawn(whole, 1), "this model reads and gives floats, not symbols", Error);
  CHECK_THROWS_AS(whole.draw(out.data(), 1), Error);
}

TEST_CASE("text") {
  const undertow::Model model(of_text().build());
  Stream stream(model, {.seed = 2}), other(model, {.seed = 2});
  stream.feed("ab\xC3\xA9");
  CHECK(stream.position() == 3);
  const std::vector<int64_t> begun{0, 1, 15};
  other.feed(begun);
  const std::vector<int64_t> symbols = drawn(other, 20);
  CHECK(stream.draw_text(20) == model.alphabet().text(symbols));
  CHECK_THROWS_WITH_AS(stream.draw_text(18), "this model reads at most 40 characters; it has read 23, and these are 18",
                       Error);
  CHECK(stream.draw_text(17).size() >= 17);
  CHECK_THROWS_AS(Stream(sound()).draw_text(1), Error);
}

TEST_CASE("a stream allocates nothing after it is made") {
  for (uint32_t threads : {1u, 2u}) {
    Stream stream(sound(undertow::Type::i8), {.label = "theo", .threads = threads});
    std::vector<int64_t> symbols(600);
    std::vector<float> samples = ramp(600), params(600 * 16);
    const uint64_t before = num_allocations();
    stream.draw(symbols);
    stream.feed(symbols);
    stream.feed(symbols, nullptr, params.data());
    stream.process(symbols, symbols);
    stream.draw(samples.data(), 600);
    stream.feed(samples.data(), 600);
    stream.process(samples.data(), samples.data(), 600);
    stream.reset();
    CHECK(num_allocations() == before);
  }
}

TEST_CASE("a model that attends over its past allocates nothing in the room that was reserved") {
  const undertow::Model model(transformer().build());
  Stream stream(model), other(model);
  stream.reserve(300);
  std::vector<int64_t> symbols(300);
  const uint64_t before = num_allocations();
  stream.draw(std::span(symbols).first(100));
  stream.draw(std::span(symbols).last(200));
  CHECK(num_allocations() == before);
  CHECK(drawn(other, 300) == symbols);
}

TEST_CASE("a saved stream goes on as the other would have") {
  const undertow::Model model = sound(undertow::Type::i8);
  Stream stream(model, {.seed = 9, .label = "theo", .sampling = {0.8, 9, 0.9}});
  drawn(stream, 333);
  const std::vector<std::byte> saved = stream.save();
  const std::vector<int64_t> expected = drawn(stream, 200);
  Stream other(model);
  other.load(saved);
  CHECK(other.position() == 333);
  CHECK(other.save() == saved);
  CHECK(drawn(other, 200) == expected);
  stream.load(saved);
  CHECK(drawn(stream, 200) == expected);
}

TEST_CASE("states that are damaged or of another model are refused, and change nothing") {
  const undertow::Model model = sound();
  Stream stream(model, {.seed = 3});
  drawn(stream, 20);
  const std::vector<std::byte> saved = stream.save();
  Stream other(undertow::Model(of_sound(undertow::Type::f32, 0, 2).build()));  // of the same shapes
  CHECK_THROWS_WITH_AS(other.load(saved), "the saved state is of another model file", Error);
  CHECK_THROWS_AS(Stream(undertow::Model(of_text().build())).load(saved), Error);
  for (size_t bytes = 0; bytes < saved.size(); bytes++)
    CHECK_THROWS_AS(stream.load(std::span(saved).first(bytes)), Error);
  for (size_t bit = 0; bit < 8 * saved.size(); bit += 3) {
    std::vector<std::byte> flipped = saved;
    flipped[bit / 8] ^= std::byte(1 << bit % 8);
    CHECK_THROWS_AS(stream.load(flipped), Error);
  }
  CHECK(stream.save() == saved);
}

TEST_CASE("a saved state of any content, with the right checksum, is refused or goes on") {
  const undertow::Model model(of_text().build());
  Stream stream(model, {.seed = 3});
  drawn(stream, 5);
  const std::vector<std::byte> saved = stream.save();
  int refused = 0;
  for (size_t at = 96; at + 4 <= saved.size(); at += 4)  // behind the model's identity
    for (uint32_t number : {0u, 1u, 0x7fc00000u, 0x80000000u, ~0u}) {
      std::vector<std::byte> spoilt = saved;
      std::memcpy(spoilt.data() + at, &number, sizeof number);
      const uint32_t checksum = undertow::crc32(std::span<const std::byte>(spoilt).subspan(20));
      std::memcpy(spoilt.data() + 16, &checksum, sizeof checksum);
      try {
        stream.load(spoilt);
        drawn(stream, 1);
      } catch (const Error&) {
        refused++;
      }
    }
  CHECK(refused > 100);
  stream.load(saved);
  CHECK(stream.save() == saved);
}

TEST_CASE("requests that make no sense are refused in one line, and change nothing") {
  Stream stream(sound(), {.seed = 3});
  const std::vector<std::byte> before = stream.save();
  const std::vector<int64_t> start{0, 16}, negative{-1};
  CHECK_THROWS_WITH_AS(stream.feed(start), "symbol 16 is outside the alphabet, 0 to 15", Error);
  CHECK_THROWS_AS(stream.feed(negative), Error);
  std::vector<float> samples = ramp(700);
  samples[650] = std::nanf("");
  CHECK_THROWS_AS(stream.feed(samples.data(), 700), Error);
  CHECK_THROWS_AS(stream.process(samples.data(), samples.data(), 700), Error);
  CHECK_THROWS_WITH_AS(stream.set_sampling({.temperature = -1}), "the temperature must be 0 or more", Error);
  CHECK_THROWS_WITH_AS(stream.set_sampling({.top_p = 0}), "top_p must be above 0 and at most 1", Error);
  CHECK_THROWS_AS(stream.set_sampling({.temperature = std::nan("")}), Error);
  CHECK_THROWS_WITH_AS(stream.feed("a"), "this model's symbols are not text", Error);
  std::vector<int64_t> out(1);
  CHECK_THROWS_AS(stream.process(start, out), Error);
  CHECK(stream.save() == before);
  CHECK_THROWS_AS(Stream(sound(), {.label = "nobody"}), Error);
  CHECK_THROWS_WITH_AS(Stream(sound(), {.label = "theo", .labels = {{"digit", "1"}}}), "give label or labels, not both",
                       Error);
  CHECK_THROWS_WITH_AS(Stream(sound(), {.threads = 0}), "threads must be from 1 to 256", Error);
  Stream moved = std::move(stream);
  CHECK(drawn(moved, 3).size() == 3);
}
