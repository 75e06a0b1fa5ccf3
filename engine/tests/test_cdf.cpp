// Integer counts against the plain definition in long double, and what a coder relies on.
#include "undertow/cdf.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "brief.h"
#include "crc32.h"
#include "kernels.h"
#include "models.h"
#include "program.h"
#include "refusal.h"
#include "undertow/engine.h"
#include "undertow/philox.h"

namespace undertow::testing {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Case {
  Emission emission;
  uint32_t num_symbols;
};

const Case cases[] = {
    {{EmissionKind::categorical, 0, 0, 0}, 1},
    {{EmissionKind::categorical, 0, 0, 0}, 3},
    {{EmissionKind::categorical, 0, 0, 0}, 256},
    {{EmissionKind::mixture_of_logistics, 3, 0.05, 3}, 256},
    {{EmissionKind::mixture_of_logistics, 10, 0.05, 10}, 65536},
    {{EmissionKind::mixture_of_gaussians, 5, 0.1, 3}, 65536},
    {{EmissionKind::gaussian, 0, 0.1, 3}, 65536},
    {{EmissionKind::gaussian, 0, 1e-9, 0}, 2},
};

IntegerCdf cdf_of(const Case& one, const Kernels& kernels = *usable_kernels().back()) {
  return IntegerCdf(one.emission, one.num_symbols, kernels);
}

std::vector<float> random_params(const Case& one, uint64_t seed, double reach) {
  std::vector<float> params(cdf_of(one).num_params());
  for (size_t i = 0; i < params.size(); i++) {
    double u;
    uniforms(seed, 3, i, 1, &u);
    params[i] = float(reach * (2 * u - 1));
  }
  return params;
}

long double cdf_of_bins(const Case& one, const float* params, uint32_t components, uint32_t k, uint32_t symbol) {
  const long double width = 2.0L / one.num_symbols, edge = (2.0L * symbol - one.num_symbols) / one.num_symbols;
  const long double mean = std::clamp<long double>(params[k], -2, 2);
  const long double offset = std::log(std::max<long double>(one.emission.initial_scale, width));
  const long double floor = std::log(width) - one.emission.scale_margin;
  const long double z = (edge - mean) / std::exp(std::clamp<long double>(params[components + k] + offset, floor, 2));
  if (one.emission.kind == EmissionKind::mixture_of_logistics) return 1 / (1 + std::exp(-z));
  return std::erfc(-z / std::sqrt(2.0L)) / 2;
}

// The probability of all symbols before one.
long double plain(const Case& one, const std::vector<float>& params, uint32_t symbol) {
  const uint32_t components = one.emission.num_components;
  if (symbol == 0 || symbol == one.num_symbols) return symbol > 0;
  if (one.emission.kind == EmissionKind::gaussian) return cdf_of_bins(one, params.data(), 1, 0, symbol);
  long double below = 0, sum = 0;
  for (uint32_t i = 0; i < (components ? components : one.num_symbols); i++) {
    const long double weight = std::exp((long double)(params[i]));
    sum += weight;
    if (components)
      below += weight * cdf_of_bins(one, params.data() + components, components, i, symbol);
    else if (i < symbol)
      below += weight;
  }
  return below / sum;
}

std::vector<uint32_t> written(const IntegerCdf& cdf) {
  std::vector<uint32_t> counts(cdf.num_symbols() + 1);
  cdf.write(counts.data());
  return counts;
}

}  // namespace

TEST_CASE("counts are the definition's: each symbol's own and what its probability takes of the rest") {
  for (const Case& one : cases)
    for (double reach : {0.1, 2.0, 6.0})
      for (uint32_t bits : tried<uint32_t>({16, 30, 24})) {
        INFO(int(one.emission.kind), " ", one.num_symbols, " ", reach, " ", bits);
        const std::vector<float> params = random_params(one, bits, reach);
        IntegerCdf cdf = cdf_of(one);
        REQUIRE(cdf.take(params.data(), 1u << bits));
        const std::vector<uint32_t> counts = written(cdf);
        uint32_t off = 0;
        bool rises = true;
        for (uint32_t symbol = 0; symbol < one.num_symbols; symbol++) rises &= counts[symbol] < counts[symbol + 1];
        for (uint32_t symbol = 0; symbol <= one.num_symbols; symbol += 1 + one.num_symbols / 500) {
          const long double exact = symbol + plain(one, params, symbol) * ((1u << bits) - one.num_symbols);
          off = std::max(off, uint32_t(std::abs(counts[symbol] - std::floor(exact))));
        }
        CHECK(off <= 1);
        CHECK(rises);
        CHECK(counts.front() == 0);
        CHECK(counts.back() == 1u << bits);
      }
}

TEST_CASE("every count finds its symbol") {
  for (const Case& one : cases) {
    const std::vector<float> params = random_params(one, 5, 3);
    IntegerCdf cdf = cdf_of(one);
    REQUIRE(cdf.take(params.data(), 1u << 24));
    for (uint32_t symbol = 0; symbol < one.num_symbols; symbol += 1 + one.num_symbols / 300) {
      CHECK(cdf.find(cdf.below(symbol)) == symbol);
      CHECK(cdf.find(cdf.below(symbol + 1) - 1) == symbol);
    }
    CHECK(cdf.find((1u << 24) - 1) == one.num_symbols - 1);
  }
}

TEST_CASE("symbols without probability have one count, far means and scales included") {
  IntegerCdf letters = cdf_of(cases[1]);
  REQUIRE(letters.take(std::vector{-infinity, 0.0f, -3e38f}.data(), 1u << 16));
  CHECK(written(letters) == std::vector<uint32_t>{0, 1, (1u << 16) - 1, 1u << 16});
  IntegerCdf sound = cdf_of(cases[6]);
  for (float mean : {-1e30f, 1e30f, infinity, 0.0f})
    for (float log_scale : {-infinity, -1e30f, 1e30f, infinity}) {
      REQUIRE(sound.take(std::vector{mean, log_scale}.data(), 1u << 16));
      const std::vector<uint32_t> counts = written(sound);
      for (uint32_t symbol = 0; symbol < 65536; symbol += 999) CHECK(counts[symbol] == symbol);
    }
}

TEST_CASE("what is not a number has no counts") {
  for (const Case& one : cases) {
    IntegerCdf cdf = cdf_of(one);
    std::vector<float> params = random_params(one, 1, 1);
    for (size_t place : {size_t(0), params.size() - 1}) {
      std::vector<float> spoiled = params;
      spoiled[place] = std::nanf("");
      CHECK(!cdf.take(spoiled.data(), 1u << 24));
    }
    std::vector<uint32_t> counts(one.num_symbols + 1, 7), interval(2, 7);
    const int64_t symbol = 0;
    params[0] = std::nanf("");
    cdf.count({24, counts.data(), &symbol, interval.data()}, params.data(), 0);
    CHECK(counts == std::vector<uint32_t>(counts.size()));
    CHECK(interval == std::vector<uint32_t>(2));
  }
  IntegerCdf letters = cdf_of(cases[1]);
  CHECK(!letters.take(std::vector{0.0f, infinity, 0.0f}.data(), 1u << 24));
  CHECK(!letters.take(std::vector{-infinity, -infinity, -infinity}.data(), 1u << 24));
}

TEST_CASE("too few counts, too many, and symbols that are none are refused") {
  CHECK(IntegerCdf::total_of(16, 65536) == 65536);
  CHECK_THROWS_AS(IntegerCdf::total_of(16, 65537), std::invalid_argument);
  CHECK_THROWS_AS(IntegerCdf::total_of(31, 2), std::invalid_argument);
  const auto program = std::make_shared<const Program>(wavenet().build(), "auto");
  Engine engine(program, 1, 1);
  const int64_t past = 0;
  uint32_t interval[2];
  for (int64_t symbol : {-1, 16})
    CHECK_THROWS_AS(engine.feed({&past, 1, {}, nullptr, {}, {24, nullptr, &symbol, interval}}), std::invalid_argument);
  CHECK_THROWS_AS(engine.feed({&past, 1, {}, nullptr, {}, {3, nullptr, &past, interval}}), std::invalid_argument);
}

TEST_CASE("a feed counts as its parameters say, in any chunks, rows, threads and on every instruction set") {
  constexpr int64_t steps = 150;
  for (EmissionKind kind : {EmissionKind::categorical, EmissionKind::mixture_of_logistics, EmissionKind::gaussian}) {
    const bool mixture = kind == EmissionKind::mixture_of_logistics;
    const uint32_t num_params = kind == EmissionKind::categorical ? 16 : mixture ? 6 : 2;
    const Emission emission{kind, mixture ? 2u : 0u, 0.1, 3};
    const Bytes file = wavenet({.num_params = num_params, .emission = emission}).build();
    std::vector<int64_t> symbols(2 * steps);
    for (size_t i = 0; i < symbols.size(); i++) symbols[i] = int64_t(i * i * 7 + i / 3) % 16;
    std::vector<uint32_t> first, counts(2 * steps * 17), intervals(2 * steps * 2);
    for (const Kernels* kernels : usable_kernels())
      for (uint32_t threads : tried<uint32_t>({1, 2, 3})) {
        const auto program = std::make_shared<const Program>(file, kernels->name);
        Engine engine(program, 2, threads);
        engine.feed({symbols.data(), steps, {}, nullptr, {}, {16, counts.data(), symbols.data(), intervals.data()}});
        if (first.empty()) first = counts;
        CHECK(counts == first);
        for (size_t i = 0; i < symbols.size(); i++) {
          CHECK(intervals[2 * i] == counts[17 * i + symbols[i]]);
          CHECK(intervals[2 * i + 1] == counts[17 * i + symbols[i] + 1]);
        }
      }
    for (const Kernels* kernels : usable_kernels()) {
      const auto program = std::make_shared<const Program>(file, kernels->name);
      Engine engine(program, 1, 1);
      IntegerCdf cdf(emission, 16, *kernels);
      std::vector<float> params(num_params);
      for (int64_t step = 0; step < steps; step++) {
        engine.feed({&symbols[size_t(step)], 1, {}, params.data()});
        REQUIRE(cdf.take(params.data(), 1u << 16));
        const std::vector<uint32_t> alone = written(cdf);
        CHECK(std::equal(alone.begin(), alone.end(), first.begin() + 17 * step));
      }
    }
  }
}

TEST_CASE("the counts that were written down: every machine and every compiler must find these") {
  constexpr uint32_t expected[] = {1980203873, 3633627536, 750900697,  4173006643,
                                   1323579768, 3135545626, 3976782083, 555739019};
  for (size_t i = 0; i < std::size(cases); i++)
    for (const Kernels* kernels : tried(usable_kernels())) {
      std::vector<uint32_t> all;
      IntegerCdf cdf = cdf_of(cases[i], *kernels);
      for (uint64_t seed = 0; seed < 5; seed++) {
        REQUIRE(cdf.take(random_params(cases[i], seed, 1 + double(seed)).data(), 1u << 30));
        const std::vector<uint32_t> counts = written(cdf);
        all.insert(all.end(), counts.begin(), counts.end());
      }
      INFO(i, " on ", kernels->name);
      CHECK(crc32(std::as_bytes(std::span(all))) == expected[i]);
    }
}

}  // namespace undertow::testing
