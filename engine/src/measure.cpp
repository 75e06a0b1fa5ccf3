#include "undertow/measure.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

#include "aligned.h"
#include "kernels.h"
#include "team.h"

namespace undertow {

namespace {

constexpr int rounds = 7;
constexpr double round_seconds = 0.02;
constexpr uint64_t most_bytes = uint64_t(1) << 36;

// The best of several rounds of `work` on a team, in units a second; `work(member, times)` returns its units.
template <class Work>
double best_rate(uint32_t threads, Work work) {
  using Clock = std::chrono::steady_clock;
  check_threads(threads);
  Team team(threads);
  std::vector<double> units(threads);
  uint64_t times = 1;
  double best = 0;
  for (int round = 0; round < rounds;) {
    const auto began = Clock::now();
    team.run([&](uint32_t member) { units[member] = work(member, times); });
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (seconds < round_seconds) {
      times *= 2;
      continue;
    }
    double all = 0;
    for (double one : units) all += one;
    best = std::max(best, all / seconds);
    round++;
  }
  return best;
}

}  // namespace

double read_bandwidth(size_t bytes, uint32_t threads, std::string_view isa) {
  const Kernels& kernels = choose_kernels(isa);
  check_threads(threads);
  if (bytes > most_bytes) throw std::invalid_argument("so many bytes are more than 64 GiB of memory");
  const size_t share = std::max<size_t>(512, bytes / threads / 512 * 512);
  std::vector<Aligned<std::byte>> memory;
  for (uint32_t thread = 0; thread < threads; thread++) memory.emplace_back(share);
  std::vector<uint32_t> sums(threads);
  return best_rate(threads, [&](uint32_t member, uint64_t times) {
    for (uint64_t i = 0; i < times; i++) sums[member] += kernels.read(memory[member].data(), share);
    return double(times) * double(share);
  });
}

double matrix_peak(Type precision, uint32_t threads, std::string_view isa) {
  const Kernels& kernels = choose_kernels(isa);
  return best_rate(threads, [&](uint32_t, uint64_t times) {
    float floats[16] = {0.5f, 0.25f};
    int32_t integers[16] = {0x01020304};
    return double(precision == Type::i8 ? kernels.multiply_i8(1000 * times, integers)
                                        : kernels.multiply_f32(1000 * times, floats));
  });
}

}  // namespace undertow
