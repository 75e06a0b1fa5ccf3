#include "undertow/stream.h"

#include <algorithm>
#include <cmath>

#include "stream_parts.h"
#include "team.h"
#include "undertow/philox.h"

namespace undertow {

namespace {

std::vector<float> condition_of(const Model& model, const StreamOptions& options) {
  if (options.label.empty()) return model.condition(options.labels);
  if (!options.labels.empty()) throw Error("give label or labels, not both");
  return model.condition(options.label);
}

Sampling checked(const Sampling& sampling) {
  if (!(sampling.temperature >= 0 && std::isfinite(sampling.temperature)))
    throw Error("the temperature must be 0 or more");
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) throw Error("top_p must be above 0 and at most 1");
  return sampling;
}

// The engine's errors as those of a stream.
template <class Work>
auto guarded(const Work& work) {
  try {
    return work();
  } catch (const std::logic_error& error) {
    throw Error(error.what());
  }
}

}  // namespace

Stream::Parts::Parts(Model of, const StreamOptions& options)
    : model(std::move(of)), engine(model.program(), 1, options.threads),
      sampler(model.program()->graph.emission, model.alphabet().num_symbols(), model.num_params(),
              model.program()->kernels.softmax),
      seed(options.seed), row(options.row), elements(model.num_elements()),
      last(elements, model.alphabet().num_symbols()), sampling(checked(options.sampling)),
      condition(condition_of(model, options)), every_step(model.label_channels() < model.condition_channels()),
      nothing_drawn(model.program()->graph.emission.kind == EmissionKind::none),
      inputs(stream_block * elements), drawn(stream_block), params(stream_block * model.num_params()),
      uniforms(sampler.num_uniforms()) {}

void Stream::Parts::check_length(size_t count) const {
  const uint64_t most = model.max_length();
  if (most > 0 && (position > most || count > most - position))
    throw Error("this model reads at most " + std::to_string(most) + " " + model.alphabet().unit() + "s; it has read " +
                std::to_string(position) + ", and these are " + std::to_string(count));
}

size_t Stream::Parts::check_symbols(std::span<const int64_t> symbols) const {
  check_symbolic();
  for (int64_t symbol : symbols)
    if (symbol < 0 || symbol >= model.alphabet().num_symbols())
      throw Error("symbol " + std::to_string(symbol) + " is outside the alphabet, 0 to " +
                  std::to_string(model.alphabet().num_symbols() - 1));
  return count_steps(symbols.size());
}

size_t Stream::Parts::count_steps(size_t symbols) const {
  check_symbolic();
  if (symbols % elements != 0)
    throw Error("a step of this model is " + std::to_string(elements) + " symbols; these are " +
                std::to_string(symbols));
  check_length(symbols / elements);
  return symbols / elements;
}

void Stream::Parts::check_drawn() const {
  if (nothing_drawn) throw Error("this model predicts, and nothing is drawn from it: feed gives what it predicts");
}

void Stream::Parts::check_symbolic() const {
  if (model.input_channels() > 0) throw Error("this model reads and gives floats, not symbols");
}

// As check_symbols, but the start symbol is one too.
void Stream::Parts::check_pending(std::span<const int64_t> symbols) const {
  for (int64_t symbol : symbols)
    if (symbol < 0 || symbol > model.alphabet().num_symbols()) throw Error("the saved state does not fit its model");
}

void Stream::Parts::check_inputs(const float* inputs, size_t count) const {
  for (size_t i = 0; i < count * model.input_channels(); i++)
    if (!std::isfinite(inputs[i]))
      throw Error("an input of step " + std::to_string(i / model.input_channels()) + " is not a number");
}

Condition Stream::Parts::known(const float* given, size_t count) const {
  const int64_t channels = model.condition_channels();
  if (channels == 0) return {};
  if (given) return {given, int64_t(count), int64_t(count) * channels};
  if (every_step) throw Error("this model needs the condition of every step");
  return {condition.data(), 1, channels};
}

void Stream::Parts::reset() {
  engine.reset();
  position = 0;
  std::fill(last.begin(), last.end(), int64_t(model.alphabet().num_symbols()));
}

void Stream::Parts::read(const int64_t* symbols, size_t count, const float* given, float* wanted) {
  if (nothing_drawn) {  // what it gives is of the symbols up to each, itself included
    engine.feed({symbols, int64_t(count), known(given, count), wanted});
    position += count;
    return;
  }
  std::copy(last.begin(), last.end(), inputs.begin());
  std::copy_n(symbols, (count - 1) * elements, inputs.data() + elements);
  engine.feed({inputs.data(), int64_t(count), known(given, count), wanted});
  std::copy_n(symbols + (count - 1) * elements, elements, last.begin());
  engine.set_pending(last);
  position += count;
}

void Stream::Parts::draw(int64_t* symbols, size_t count, const float* given) {
  const int64_t keys[] = {int64_t(seed), int64_t(row), int64_t(position)}, steps = int64_t(count);
  const size_t size = count * elements;
  engine.run({symbols, steps, int64_t(size), known(given, count), sampling, nullptr, 0, keys});
  std::copy_n(symbols + size - elements, elements, last.begin());
  position += count;
  if (std::count(symbols, symbols + size, int64_t(model.alphabet().num_symbols())) > 0)
    throw Error("the model's output is not a number");
}

void Stream::Parts::expect(int64_t* symbols, size_t count) {
  const DefinedArithmetic arithmetic;
  const int64_t none = model.alphabet().num_symbols();
  for (size_t i = 0; i < count; i++) {
    undertow::uniforms(seed, row, position - count + i, sampler.num_uniforms(), uniforms.data());
    int64_t* step = symbols + i * elements;
    sampler.draw(params.data() + i * model.num_params(), uniforms.data(), sampling, step);
    if (std::count(step, step + elements, none) > 0) throw Error("the model's output is not a number");
  }
}

void Stream::Parts::transform(const float* in, float* out, size_t count, const float* given) {
  engine.feed({nullptr, int64_t(count), known(given, count), out, {}, {}, in});
  position += count;
}

Stream::Stream(Model model, const StreamOptions& options)
    : parts_(guarded([&] { return std::make_unique<Parts>(std::move(model), options); })) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

namespace {

// Blocks of `count` steps, each with the floats that its condition begins at.
template <class Work>
void in_blocks(size_t count, size_t channels, const float* condition, const Work& work) {
  guarded([&] {
    for (size_t done = 0; done < count; done += stream_block)
      work(done, std::min(stream_block, count - done), condition ? condition + done * channels : nullptr);
  });
}

}  // namespace

void Stream::feed(std::span<const int64_t> symbols, const float* condition, float* params) {
  const size_t steps = parts_->check_symbols(symbols), elements = parts_->elements;
  in_blocks(steps, model().condition_channels(), condition, [&](size_t done, size_t count, const float* known) {
    parts_->read(symbols.data() + done * elements, count, known, params ? params + done * model().num_params() : nullptr);
  });
}

void Stream::draw(std::span<int64_t> symbols, const float* condition) {
  const size_t steps = parts_->count_steps(symbols.size());
  parts_->check_drawn();
  if (steps == 0) return;
  guarded([&] { parts_->draw(symbols.data(), steps, condition); });
}

void Stream::process(std::span<const int64_t> in, std::span<int64_t> out, const float* condition) {
  if (in.size() != out.size()) throw Error("process takes as many symbols as it gives");
  parts_->check_drawn();
  const size_t steps = parts_->check_symbols(in), elements = parts_->elements;
  in_blocks(steps, model().condition_channels(), condition, [&](size_t done, size_t count, const float* known) {
    parts_->read(in.data() + done * elements, count, known, parts_->params.data());
    parts_->expect(out.data() + done * elements, count);
  });
}

void Stream::feed(const float* samples, size_t count, const float* condition) {
  const Alphabet& alphabet = model().alphabet();
  parts_->check_length(count);
  if (model().input_channels() > 0) {
    parts_->check_inputs(samples, count);
    if (count > 0) guarded([&] { parts_->transform(samples, nullptr, count, condition); });
    return;
  }
  for (size_t i = 0; i < count; i++) alphabet.symbol(samples[i]);
  in_blocks(count, model().condition_channels(), condition, [&](size_t done, size_t steps, const float* known) {
    for (size_t i = 0; i < steps; i++) parts_->drawn[i] = alphabet.symbol(samples[done + i]);
    parts_->read(parts_->drawn.data(), steps, known, nullptr);
  });
}

void Stream::draw(float* samples, size_t count, const float* condition) {
  const Alphabet& alphabet = model().alphabet();
  parts_->check_length(count);
  parts_->check_drawn();
  if (!alphabet.is_sound()) throw Error("this model's symbols are not samples of sound");
  in_blocks(count, model().condition_channels(), condition, [&](size_t done, size_t steps, const float* known) {
    parts_->draw(parts_->drawn.data(), steps, known);
    for (size_t i = 0; i < steps; i++) samples[done + i] = alphabet.sample(parts_->drawn[i]);
  });
}

void Stream::process(const float* in, float* out, size_t count, const float* condition) {
  const Alphabet& alphabet = model().alphabet();
  parts_->check_length(count);
  if (model().input_channels() > 0) {
    parts_->check_inputs(in, count);
    if (count > 0) guarded([&] { parts_->transform(in, out, count, condition); });
    return;
  }
  parts_->check_drawn();
  for (size_t i = 0; i < count; i++) alphabet.symbol(in[i]);
  in_blocks(count, model().condition_channels(), condition, [&](size_t done, size_t steps, const float* known) {
    for (size_t i = 0; i < steps; i++) parts_->drawn[i] = alphabet.symbol(in[done + i]);
    parts_->read(parts_->drawn.data(), steps, known, parts_->params.data());
    parts_->expect(parts_->drawn.data(), steps);
    for (size_t i = 0; i < steps; i++) out[done + i] = alphabet.sample(parts_->drawn[i]);
  });
}

void Stream::feed(std::string_view text) { feed(model().alphabet().symbols(text)); }

std::string Stream::draw_text(size_t count) {
  if (!model().alphabet().is_text()) throw Error("this model's symbols are not text");
  std::vector<int64_t> symbols(count);
  draw(symbols);
  return model().alphabet().text(symbols);
}

void Stream::reserve(size_t count) {
  parts_->check_length(count);
  guarded([&] { parts_->engine.reserve(count); });
}

void Stream::reset() {
  guarded([&] { parts_->reset(); });
}
uint64_t Stream::position() const { return parts_->position; }
uint32_t Stream::threads_used() const { return parts_->engine.threads_used(); }
const Model& Stream::model() const { return parts_->model; }
void Stream::set_sampling(const Sampling& sampling) { parts_->sampling = checked(sampling); }

}  // namespace undertow
