// The numbers of a few models, written down: every machine and every compiler must find these.
#include <doctest/doctest.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "brief.h"
#include "crc32.h"
#include "kernels.h"
#include "memories.h"
#include "models.h"
#include "program.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

constexpr uint32_t rows = 2;
constexpr int64_t steps = 50;

// Checksums of the symbols that are drawn, and of the outputs of each step after them.
struct Numbers {
  uint32_t symbols, params;
};

template <class T>
uint32_t checksum(const std::vector<T>& numbers) {
  return crc32(std::as_bytes(std::span(numbers)));
}

Numbers numbers(const Model& model, std::string_view isa) {
  const auto program = std::make_shared<const Program>(model.file, isa);
  std::vector<float> condition(rows * steps * model.condition_channels);
  for (size_t i = 0; i < condition.size(); i++) condition[i] = float(i * 37 % 101) / 50 - 1;
  const int64_t channels = model.condition_channels;
  const Condition known{condition.data(), channels ? steps : 0, steps * channels};
  std::vector<int64_t> out(rows * steps), keys = {5, 0, 0, 5, 1, 0};
  Engine stepped(program, rows, 1), fed(program, rows, 1);
  remember(stepped), remember(fed);
  stepped.run({out.data(), steps, steps, known, {}, nullptr, 0, keys.data()});
  std::vector<float> params(rows * steps * program->num_params());
  fed.feed({out.data(), steps, known, params.data()});
  return {checksum(out), checksum(params)};
}

constexpr Numbers expected[] = {
    {0x0f56028e, 0x0ce08f68},  // wavenet in float32
    {0xb371c59b, 0x50f2cfb0},  // wavenet in float32
    {0xcaad162d, 0xd9be54d4},  // wavenet in float32
    {0xfc31cff8, 0xf629b710},  // wavenet in float32
    {0xb75302ba, 0x7b85c9c0},  // bytenet in float32
    {0x9fb8a8a5, 0x6e349281},  // bytenet in float32
    {0x75659f4c, 0x9668f128},  // bytenet in float32
    {0x5b00d677, 0x94bb1564},  // tcn in float32
    {0xa39b38f8, 0xbf8208eb},  // tcn in float32
    {0x3a4aeaba, 0x5d675d59},  // recurrent in float32
    {0x05fdd811, 0xab291491},  // recurrent in float32
    {0x586d90a0, 0xf9610c80},  // recurrent in float32
    {0xffc6e3ff, 0x90f42da8},  // recurrent in float32
    {0x787f60d4, 0x961babd1},  // bytenet of columns in float32
    {0x894a9b66, 0xf7a30d24},  // transformer in float32
    {0xd9826bb7, 0xd2e7acf9},  // transformer in float32
    {0xa4f0fb3b, 0x20e128da},  // transformer in float32
    {0x78be8430, 0x9608438a},  // transformer in float32
    {0x22f7d18a, 0x15a6d105},  // bytenet that attends in float32
    {0xe078cac8, 0x86835f4b},  // pixels in float32
    {0x8a2f8727, 0xd6e8ce78},  // pixels of colour in float32
    {0x57d82e62, 0xdd808f08},  // rows of pixels in float32
    {0xc7c5486b, 0x4acc2630},  // diagonals of pixels in float32
    {0x29e90c16, 0xe964eebc},  // streams of pixels in float32
    {0xbe22ed89, 0x2e81847f},  // streams of pixels in float32
    {0x677d8f02, 0xa02b338a},  // predictor in float32
    {0x0f56028e, 0x551c333a},  // wavenet in bfloat16
    {0xb371c59b, 0xea1cb119},  // wavenet in bfloat16
    {0xcaad162d, 0xbef00ebe},  // wavenet in bfloat16
    {0x9e108f9b, 0xfe776a9c},  // wavenet in bfloat16
    {0x31c1842d, 0xf6b64067},  // bytenet in bfloat16
    {0x60d78767, 0x888561d6},  // bytenet in bfloat16
    {0x75659f4c, 0x0c6d3790},  // bytenet in bfloat16
    {0x69b0a54b, 0x7c165508},  // tcn in bfloat16
    {0x3029c9f6, 0x6bc96cf5},  // tcn in bfloat16
    {0x3a4aeaba, 0xd24ab290},  // recurrent in bfloat16
    {0x05fdd811, 0xc2dda4c0},  // recurrent in bfloat16
    {0x2e4a16b7, 0xbf23d555},  // recurrent in bfloat16
    {0xffc6e3ff, 0x93fe7d31},  // recurrent in bfloat16
    {0x787f60d4, 0xabac9164},  // bytenet of columns in bfloat16
    {0x76e74c3e, 0xab25a3d3},  // transformer in bfloat16
    {0xd9826bb7, 0xc1d7d152},  // transformer in bfloat16
    {0x64391ef6, 0xc1ce9557},  // transformer in bfloat16
    {0x537503be, 0x917c19e5},  // transformer in bfloat16
    {0x22f7d18a, 0xb8ac9e36},  // bytenet that attends in bfloat16
    {0xe078cac8, 0x45f62b2e},  // pixels in bfloat16
    {0x8a2f8727, 0x1b9745c7},  // pixels of colour in bfloat16
    {0x4985fb39, 0x2dd50ff7},  // rows of pixels in bfloat16
    {0xb1800d63, 0x288692f6},  // diagonals of pixels in bfloat16
    {0xc7da21b9, 0x051f76b9},  // streams of pixels in bfloat16
    {0xbe22ed89, 0x57a09873},  // streams of pixels in bfloat16
    {0x86bf3dbf, 0xc8170a58},  // predictor in bfloat16
    {0x230584b7, 0xe089840c},  // wavenet in int8
    {0xb371c59b, 0x01098721},  // wavenet in int8
    {0x5136cdfd, 0xc07a6dd5},  // wavenet in int8
    {0xcca6a280, 0x4e87995e},  // wavenet in int8
    {0x31c1842d, 0xd15df40a},  // bytenet in int8
    {0x17f6f55a, 0xf81707ee},  // bytenet in int8
    {0x1f86a969, 0x585f5985},  // bytenet in int8
    {0x266d8f2d, 0xe2bef535},  // tcn in int8
    {0x62d583e1, 0x9ef93975},  // tcn in int8
    {0xa75bb30e, 0xe6196604},  // recurrent in int8
    {0x426077dd, 0x5b1f9ad2},  // recurrent in int8
    {0x2fc33015, 0xcadb4b75},  // recurrent in int8
    {0x643e6472, 0xb2d3a189},  // recurrent in int8
    {0x787f60d4, 0x386746d4},  // bytenet of columns in int8
    {0xa3f62bee, 0x897c5f97},  // transformer in int8
    {0xd9826bb7, 0xf0c24073},  // transformer in int8
    {0xb7094221, 0x6f565759},  // transformer in int8
    {0x2f64716b, 0x687a2b8a},  // transformer in int8
    {0x037ca3b0, 0xa4e65a4a},  // bytenet that attends in int8
    {0x2cd2ca56, 0x118fc139},  // pixels in int8
    {0x8a2f8727, 0x2706f15c},  // pixels of colour in int8
    {0x5121904e, 0x756fe534},  // rows of pixels in int8
    {0xe302e1f9, 0xc0839d56},  // diagonals of pixels in int8
    {0xb5213ed5, 0x7f5b724b},  // streams of pixels in int8
    {0x1aa2851c, 0x7e79cf59},  // streams of pixels in int8
    {0xe97cc494, 0x7c17d178},  // predictor in int8
};

}  // namespace

TEST_CASE("the numbers that were written down, on every instruction set") {
  const std::vector<Model>& all = models();
  REQUIRE(all.size() == std::size(expected));
  for (size_t i = 0; i < all.size(); i++)
    for (const Kernels* kernels : tried(usable_kernels())) {
      const auto [symbols, params] = numbers(all[i], kernels->name);
      INFO(all[i].name, " on ", kernels->name);
      CHECK(symbols == expected[i].symbols);
      CHECK(params == expected[i].params);
    }
}

}  // namespace undertow::testing
