// Draws sound from an exported model: generate MODEL.engine OUT.wav [SECONDS [LABEL [SEED]]]
#include <undertow/stream.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "wav.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: generate MODEL.engine OUT.wav [SECONDS [LABEL [SEED]]]\n");
    return 2;
  }
  try {
    const undertow::Model model = undertow::load(argv[1]);
    const double seconds = argc > 3 ? std::atof(argv[3]) : 1, most_seconds = 3600;
    if (model.sample_rate() == 0) throw undertow::Error("this model has no sample rate, so it writes no sound");
    if (!(seconds > 0 && seconds <= most_seconds)) throw undertow::Error("SECONDS must be above 0 and at most 3600");
    undertow::StreamOptions options;
    if (argc > 4) options.label = argv[4];
    if (argc > 5) options.seed = std::strtoull(argv[5], nullptr, 10);
    undertow::Stream stream(model, options);
    std::vector<float> samples(size_t(seconds * model.sample_rate()));
    stream.draw(samples.data(), samples.size());
    if (!write_wav(argv[2], samples, model.sample_rate()))
      throw undertow::Error(std::string(argv[2]) + " cannot be written");
    std::printf("%s: %zu samples at %u Hz, by %s (%s)\n", argv[2], samples.size(), model.sample_rate(), model.precision(),
                model.isa().c_str());
  } catch (const undertow::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
