// The numbers here came out of NumPy's Philox, by way of undertow.generation.noise.
#include "undertow/philox.h"

#include <doctest/doctest.h>

#include <vector>

using namespace undertow;

namespace {

constexpr uint64_t largest = (uint64_t(1) << 63) - 1;

std::vector<double> drawn(uint64_t seed, uint64_t row, uint64_t step, uint32_t num_uniforms) {
  std::vector<double> out(num_uniforms);
  uniforms(seed, row, step, num_uniforms, out.data());
  return out;
}

}  // namespace

TEST_CASE("blocks are NumPy's") {
  CHECK(philox({1, 0, 0, 0}, 0, 0) ==
        PhiloxBlock{0x02f4ba6408e4d89b, 0x3dd62b0b9ca8c5b2, 0x1c8667a55d902e79, 0x907d7a052fd5b4dc});
  CHECK(philox({0, 1, 0, 0}, largest, 5) ==
        PhiloxBlock{0x2a64f200c658d88e, 0xd810398b4b043d3b, 0x9b3b67bb8badae3d, 0xdce07518f673afb4});
  CHECK(philox({1, 1, 0, 0}, largest, 5) ==
        PhiloxBlock{0xe49273cbbbbd455e, 0xba5bc25ddb2f0907, 0x1db87250eafddf4d, 0xcd01355e5700fe11});
}

TEST_CASE("uniforms are those of Python") {
  CHECK(drawn(0, 0, 0, 1) == std::vector{0x1.7a5d3204726c0p-7});
  CHECK(drawn(1, 2, 3, 2) == std::vector{0x1.4e37e551eca1bp-1, 0x1.c5568cc58d1e8p-4});
  CHECK(drawn(largest, largest, 1000000000000, 4) ==
        std::vector{0x1.52397cc17288fp-1, 0x1.cceaeaa7f4dcbp-1, 0x1.017dfd4e13189p-1, 0x1.ac2b47f6c5418p-3});
}

TEST_CASE("a step of more than four uniforms owns whole blocks") {
  CHECK(drawn(20240607, 17, 5, 9) ==
        std::vector{0x1.d3a072e556b29p-1, 0x1.fdeda86bce1a7p-1, 0x1.17dce12044f85p-1, 0x1.7b9776b6e7e9ep-1,
                    0x1.fabb546f2ec36p-1, 0x1.ef26622d8f188p-4, 0x1.bf496c9bc1dc8p-3, 0x1.2758c39f03694p-3,
                    0x1.b8afca1e8e4a4p-1});
}
