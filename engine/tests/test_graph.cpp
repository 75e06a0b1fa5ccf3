// Reading model files: what is read is what was written, and a file that is not whole or whose tables are wrong is
// refused in one line.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "networks.h"
#include "refusal.h"

using namespace undertow;
using namespace undertow::testing;

namespace {

template <class T>
Bytes edited(Bytes file, size_t offset, T number) {
  std::memcpy(file.data() + offset, &number, sizeof number);
  seal(file);
  return file;
}

Bytes cut(Bytes file, size_t bytes) {
  file.resize(bytes);
  return file;
}

// Where small().build() holds things.
constexpr size_t facts_at = 144, domains_at = facts_at + 4, values_at = domains_at + 8, ops_at = values_at + 3 * 16;
constexpr size_t tensors_at = ops_at + 3 * 40 + 2 * 4 + 5 * 4 + 4;  // ops 1 and 2 have an input and settings, op 1 a name

}  // namespace

TEST_CASE("crc32 is zlib's") {
  const std::string text = "123456789";
  CHECK(crc32(std::as_bytes(std::span(text))) == 0xCBF43926u);
  CHECK(crc32({}) == 0);
}

TEST_CASE("a graph is read as it was written") {
  const FileBuilder builder = wavenet({.precision = Type::i8, .condition_channels = 5, .frame_size = 4});
  const Graph graph = parse(builder.build());
  CHECK(graph.precision == Type::i8);
  CHECK(graph.num_symbols == 16);
  CHECK(graph.condition_channels == 5);
  CHECK(graph.output == builder.output);
  REQUIRE(graph.domains.size() == 2);
  CHECK(graph.domains[1].period == 4);
  REQUIRE(graph.values.size() == builder.values.size());
  REQUIRE(graph.ops.size() == builder.ops.size());
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    CHECK(graph.ops[i].kind == builder.ops[i].kind);
    CHECK(graph.ops[i].inputs == builder.ops[i].inputs);
    CHECK(graph.ops[i].name == builder.ops[i].name);
    CHECK(graph.ops[i].add == builder.ops[i].add);
    CHECK(graph.values[i].zero_point == builder.values[i].zero_point);
  }
  REQUIRE(graph.tensors.size() == builder.tensors.size());
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    CHECK(tensor.dims == builder.tensors[i].dims);
    CHECK(reinterpret_cast<uintptr_t>(tensor.data) % 64 == 0);
    CHECK(std::memcmp(tensor.data, builder.tensors[i].data.data(), tensor.bytes) == 0);
  }
}

TEST_CASE("a graph outlives the file it was read from, and its copies each other") {
  Graph copy;
  {
    Bytes file = small().build();
    const Graph graph = parse(file);
    std::fill(file.begin(), file.end(), std::byte(0xFF));
    copy = graph;
  }
  CHECK(std::memcmp(copy.tensors[0].data, small().tensors[0].data.data(), copy.tensors[0].bytes) == 0);
}

TEST_CASE("the state of a row") {
  CHECK(parse(small().build()).state_bytes() == 3 * 3 * 4 + 8);
  CHECK(parse(small(Type::bf16).build()).state_bytes() == 3 * 3 * 4 + 8);
  CHECK(parse(small(Type::i8).build()).state_bytes() == 3 * 3 + 8);
  FileBuilder builder = small();
  builder.conv({builder.unframe(builder.frame(0, 4))}, 16);
  CHECK(parse(builder.build()).state_bytes() == 3 * 3 * 4 + 8 + (4 * 3 * 4 + 8) + 4 * 3 * 4);
}

TEST_CASE("every kind of network is read") {
  for (const Type precision : {Type::f32, Type::bf16, Type::i8}) {
    CHECK(refusal(wavenet({.precision = precision, .input_kernel_size = 3, .kernel_size = 3}).build()) == "");
    CHECK(refusal(wavenet({.precision = precision, .frame_size = 1, .scalar = true}).build()) == "");
    const Emission mixture{EmissionKind::mixture_of_logistics, 4, 0.05, 3};
    CHECK(refusal(wavenet({.precision = precision, .num_params = 12, .emission = mixture}).build()) == "");
    const Emission gaussian{EmissionKind::gaussian, 0, 1, 0};
    CHECK(refusal(wavenet({.precision = precision, .num_params = 2, .emission = gaussian}).build()) == "");
  }
}

TEST_CASE("a file cut short at any byte, or with one bit flipped, is refused") {
  const Bytes file = small().build();
  for (size_t bytes = 0; bytes < file.size(); ++bytes) CHECK(refusal(cut(file, bytes)) != "");
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    Bytes flipped = file;
    flipped[bit / 8] ^= std::byte(1 << bit % 8);
    CHECK(refusal(flipped) != "");
  }
}

TEST_CASE("the envelope") {
  const Bytes file = small().build();
  CHECK(refusal(Bytes{}) == "not an engine's model file: it does not begin with UNDERTOW");
  CHECK(refusal(edited(file, 0, 'u')) == "not an engine's model file: it does not begin with UNDERTOW");
  CHECK(refusal(edited(file, 8, 2u)) == "the model file is of version 2; this engine reads version 4");
  CHECK(refusal(cut(file, 143)) == "the model file is cut short: it has 143 bytes, its header alone 144");
  CHECK(refusal(cut(file, 10)) == "the model file is cut short: its tables end at byte 10");
  CHECK(refusal(cut(file, 160)) == "the model file is cut short: it has 160 of 1408 bytes");
  CHECK(refusal(edited(file, 16, uint64_t(80))) == "the model file has 1408 bytes and says that it has 80");
  Bytes damaged = file;
  damaged.back() ^= std::byte(1);
  CHECK(refusal(damaged) == "the model file is damaged: its checksum does not fit");
  Bytes longer = file;
  longer.resize(file.size() + 64);
  CHECK(refusal(edited(longer, 16, uint64_t(longer.size()))) ==
        "the model file has 1472 bytes; its last tensor ends at 1408");
}

TEST_CASE("the header") {
  const Bytes file = small().build();
  CHECK(refusal(edited(file, 24, 3u)) == "the model file has the unknown precision 3");
  CHECK(refusal(edited(file, 28, 0u)) == "the model file has 0 symbols; it can have 1 to 16777216");
  CHECK(refusal(edited(file, 28, ~0u)) == "the model file has 4294967295 symbols; it can have 1 to 16777216");
  CHECK(refusal(edited(file, 32, ~0u)) == "the condition has 4294967295 channels; the most is 1048576");
  CHECK(refusal(edited(file, 40, 7u)) == "the model file has the unknown emission 7");
  CHECK(refusal(edited(file, 64, 65u)) == "the model file has 65 domains; the most is 64");
  CHECK(refusal(edited(file, 68, ~0u)) == "the model file has 4294967295 values; the most is 8192");
  CHECK(refusal(edited(file, 72, 6'000u)) == "the model file has no room for its 6000 ops");
  CHECK(refusal(edited(file, 76, 200'000u)) == "the model file has no room for its 200000 tensors");
  CHECK(refusal(edited(file, 72, 20u)) != "");
  CHECK(refusal(edited(file, ops_at + 40 + 28, 1'000u)) == "the model file has no room for its 1000 inputs of an op");
  CHECK(refusal(edited(file, ops_at + 40 + 36, 1'000u)) ==
        "the model file has no room for its 1000 settings of an op");
}

TEST_CASE("names of what keeps a state") {
  const auto named = [](size_t op, const std::string& name) {
    return refusal([&](FileBuilder& builder) { builder.ops[op].name = name; });
  };
  CHECK(named(1, "stack.gates.0.conv") == "");
  CHECK(named(1, "") == "op 1 keeps a state and has no name");
  CHECK(named(2, "head") == "op 2 keeps no state and has a name");
  CHECK(named(1, "a b") == "op 1 has a name that is not of visible ASCII characters");
  CHECK(named(1, "\xC3\xA9") == "op 1 has a name that is not of visible ASCII characters");
  CHECK(named(1, std::string(1025, 'a')) == "op 1 has a name of 1025 bytes");
  CHECK(named(1, std::string(1024, 'a')) == "");
  const auto twice = [](FileBuilder& builder) {
    builder.conv({0}, 16, {.kernel_size = 2});
    builder.ops[3].name = builder.ops[1].name;
  };
  CHECK(refusal(twice) == "op 3 keeps op.1.past, as another op does");
  const size_t name_at = ops_at + 40 + 52;
  CHECK(refusal(edited(small().build(), name_at, ~0u)) == "op 1 has a name of 4294967295 bytes");
  CHECK(refusal(edited(small().build(), name_at, 3u)) == "op 1 has more behind its name");
}

TEST_CASE("tensors") {
  const Bytes file = small().build();
  const size_t first = tensors_at, second = tensors_at + 40;
  CHECK(refusal(edited(file, first, 3u)) == "tensor 0 is of the unknown type 3");
  CHECK(refusal(edited(file, first + 4, 0u)) == "tensor 0 has 0 dimensions; it can have 1 to 3");
  CHECK(refusal(edited(file, first + 4, 4u)) == "tensor 0 has 4 dimensions; it can have 1 to 3");
  CHECK(refusal(edited(file, first + 8, 0u)) == "tensor 0 has a dimension of 0");
  CHECK(refusal(edited(file, first + 16, 2u)) == "tensor 0 has 2 dimensions and the size of one more");
  CHECK(refusal(edited(file, first + 20, 7u)) == "tensor 0 has 7 where version 4 has 0");
  CHECK(refusal(edited(file, second + 12, 0x80000000u)) == "tensor 1, 8x2147483648x3, is larger than the file");
  CHECK(refusal(edited(file, second, uint32_t(Type::bf16))) == "tensor 1, 8x2x3 of bfloat16, has 192 bytes, not 96");
  CHECK(refusal(edited(file, second + 32, uint64_t(191))) == "tensor 1, 8x2x3 of float32, has 191 bytes, not 192");
  CHECK(refusal(edited(file, second + 24, uint64_t(64))) == "tensor 1 is at byte 64; it must be at 832");
  CHECK(refusal(edited(file, second + 24, ~uint64_t(0))) ==
        "tensor 1 is at byte 18446744073709551615; it must be at 832");
  Bytes shorter = cut(file, file.size() - 8);
  CHECK(refusal(edited(shorter, 16, uint64_t(shorter.size()))) == "tensor 4 reaches past the file's end");
}

