#include <undertow/stream.h>

#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
  try {
    const undertow::Model model = undertow::load(argc > 1 ? argv[1] : "runs/digits-int8/model.engine");
    undertow::Stream stream(model, {.seed = 1, .label = "theo", .sampling = {.temperature = 0.9}});
    std::vector<float> samples(model.sample_rate());  // a second, from -1 to 1
    stream.draw(samples.data(), samples.size());
    const std::vector<std::byte> saved = stream.save();
    stream.draw(samples.data(), samples.size());  // the next second
    stream.load(saved);                           // back to the end of the first
    std::printf("%llu samples at %u Hz\n", static_cast<unsigned long long>(stream.position()), model.sample_rate());
  } catch (const undertow::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
