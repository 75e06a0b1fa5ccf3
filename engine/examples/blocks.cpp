// Sound in blocks, as an audio plugin gets and gives it: blocks MODEL.engine [SECONDS]
//
// For each size of block it prints how long a block takes, on average and at most, and what share of the block's own
// time that is. Nothing may be allocated meanwhile: what allocates can wait for other threads.
#include <undertow/stream.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

static size_t allocations = 0;

void* operator new(size_t size) {
  allocations++;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace {

struct Times {
  double mean, most;  // microseconds a block
};

// The time of work(block) for some blocks, after the first.
template <class Work>
Times measure(int blocks, const Work& work) {
  using Clock = std::chrono::steady_clock;
  Times times{0, 0};
  work(0);
  for (int block = 1; block <= blocks; block++) {
    const auto began = Clock::now();
    work(block);
    const double took = std::chrono::duration<double, std::micro>(Clock::now() - began).count();
    times.mean += took / blocks;
    if (took > times.most) times.most = took;
  }
  return times;
}

// What comes in: a sine that rises and falls.
void fill(std::vector<float>& samples, int block) {
  for (size_t i = 0; i < samples.size(); i++) {
    const double time = double(size_t(block) * samples.size() + i);
    samples[i] = float(0.5 * std::sin(time / 9) * std::sin(time / 4001));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: blocks MODEL.engine [SECONDS]\n");
    return 2;
  }
  try {
    const undertow::Model model = undertow::load(argv[1]);
    const double seconds = argc > 2 ? std::atof(argv[2]) : 1, rate = model.sample_rate();
    if (rate == 0) throw undertow::Error("this model has no sample rate, so its blocks have no time");
    std::printf("%s, %s, %.0f Hz; microseconds a block: mean, most (share of its time)\n", model.precision(),
                model.isa().c_str(), rate);
    size_t allocated = 0;
    const bool effect = model.input_channels() > 0;  // reads and gives floats; nothing is drawn from it
    const size_t channels = effect ? model.input_channels() : 1;
    for (size_t size = 16; size <= 512; size *= 2) {
      undertow::Stream drawing(model), processing(model, {.sampling = {.temperature = 0}});
      std::vector<float> samples(size * channels), out(size * (effect ? model.num_params() : 1));
      const int blocks = std::max(1, int(seconds * rate / double(size)));
      const double block_time = 1e6 * double(size) / rate;
      const size_t before = allocations;
      const Times drawn = measure(effect ? 0 : blocks, [&](int) {
        if (!effect) drawing.draw(out.data(), size);
      });
      const Times processed = measure(blocks, [&](int block) {
        fill(samples, block);
        processing.process(samples.data(), out.data(), size);
      });
      allocated += allocations - before;
      std::printf("%4zu samples: drawn %8.1f, %8.1f (%5.1f %%); processed %8.1f, %8.1f (%5.1f %%)\n", size, drawn.mean,
                  drawn.most, 100 * drawn.most / block_time, processed.mean, processed.most,
                  100 * processed.most / block_time);
    }
    std::printf("%zu allocations\n", allocated);
    return allocated == 0 ? 0 : 1;
  } catch (const undertow::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
