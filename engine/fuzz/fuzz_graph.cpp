// What must hold of any bytes given as a model file. With libFuzzer:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iengine/include -Iengine/src -Iengine/tests
//     engine/fuzz/fuzz_graph.cpp and the sources in engine/src
#include "fuzz_graph.h"

#include <cstdio>
#include <cstdlib>

#include "check.h"
#include "file_builder.h"
#include "program.h"

namespace undertow {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "a file was read that breaks a limit: %s\n", what);
  std::abort();
}

void require_limits(const Graph& graph, size_t file_bytes) {
  require(graph.domains.size() <= max_domains && graph.values.size() <= max_values, "domains, values");
  require(graph.ops.size() == graph.values.size(), "one op a value");
  require(graph.state_bytes() <= max_state_bytes, "bytes of state");
  uint64_t channels = 0;
  for (const Value& value : graph.values) channels += value.channels;
  require(channels <= max_total_channels, "channels");
  for (const Tensor& tensor : graph.tensors) {
    const auto offset = size_t(tensor.data - graph.memory.get());
    require(offset % 64 == 0 && offset <= file_bytes && tensor.bytes <= file_bytes - offset, "a tensor's place");
  }
}

}  // namespace

std::string refusal(std::span<const std::byte> file) {
  try {
    require_limits(Program(file, "scalar").graph, file.size());
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

}  // namespace undertow

// The bytes as they are, then with the size and the checksum that they ask for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  undertow::refusal({bytes, size});
  if (size < 24) return 0;
  undertow::testing::Bytes file(bytes, bytes + size);
  const uint64_t total = size;
  std::memcpy(file.data() + 16, &total, sizeof total);
  undertow::testing::seal(file);
  undertow::refusal(file);
  return 0;
}
