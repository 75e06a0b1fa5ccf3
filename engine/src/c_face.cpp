// The C face over the C++ one: no exception leaves it.
#include "undertow/undertow.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

#include "undertow/stream.h"

struct undertow_model {
  undertow::Model model;
};

struct undertow_stream {
  undertow::Stream stream;
};

namespace {

constexpr size_t most_error_bytes = 1024;
thread_local char last_error[most_error_bytes] = "";

void remember(const char* message) {
  std::strncpy(last_error, message, most_error_bytes - 1);
}

void there(const void* handle) {
  if (!handle) throw undertow::Error("a null pointer was given");
}

// What the work gives; `failed` where it throws.
template <class Result, class Work>
Result guarded(Result failed, const Work& work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    remember("there is not enough memory");
  } catch (const std::exception& error) {
    remember(error.what());
  }
  return failed;
}

template <class Work>
int succeeds(const void* handle, const Work& work) noexcept {
  return guarded(-1, [&] { return there(handle), work(), 0; });
}

// "speaker=theo,digit=3" as labels; anything without = as the class of the one label that has it.
void read_label(const std::string& text, undertow::StreamOptions& options) {
  if (text.find('=') == std::string::npos) {
    options.label = text;
    return;
  }
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size()), equals = text.find('=', at);
    if (equals >= end) throw undertow::Error("a label is to be name=class, not " + text.substr(at, end - at));
    options.labels[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
    at = end + 1;
  }
}

undertow::StreamOptions options_of(const undertow_options* given) {
  if (!given) return {};
  undertow::StreamOptions options;
  options.seed = given->seed, options.row = given->row, options.threads = given->threads;
  options.sampling = {given->temperature, given->top_k, given->top_p};
  if (given->label) read_label(given->label, options);
  return options;
}

// Copy where there is room; the size either way.
ptrdiff_t put(const void* from, size_t bytes, void* to, size_t capacity) {
  if (bytes > 0 && bytes <= capacity) std::memcpy(to, from, bytes);
  return ptrdiff_t(bytes);
}

size_t elements(const undertow_stream* stream) { return stream->stream.model().num_elements(); }

const undertow::Fact* fact(const undertow_model* model, const char* name) {
  return undertow::find(model->model.facts(), name);
}

}  // namespace

extern "C" {

undertow_options undertow_defaults(void) { return {0, 0, nullptr, 1, 0, 1, 1}; }
const char* undertow_last_error(void) { return last_error; }

undertow_model* undertow_open(const char* path) {
  return guarded<undertow_model*>(nullptr, [&] {
    there(path);
    return new undertow_model{undertow::load(path)};
  });
}
undertow_model* undertow_open_bytes(const void* file, size_t bytes) {
  return guarded<undertow_model*>(nullptr, [&] {
    there(file);
    return new undertow_model{undertow::Model({static_cast<const std::byte*>(file), bytes})};
  });
}
void undertow_close(undertow_model* model) { delete model; }

uint32_t undertow_sample_rate(const undertow_model* model) { return model->model.sample_rate(); }
uint64_t undertow_receptive_field(const undertow_model* model) { return model->model.receptive_field(); }
uint64_t undertow_max_length(const undertow_model* model) { return model->model.max_length(); }
uint32_t undertow_num_symbols(const undertow_model* model) { return model->model.alphabet().num_symbols(); }
uint32_t undertow_num_params(const undertow_model* model) { return model->model.num_params(); }
uint32_t undertow_num_elements(const undertow_model* model) { return model->model.num_elements(); }
uint32_t undertow_input_channels(const undertow_model* model) { return model->model.input_channels(); }
uint32_t undertow_condition_channels(const undertow_model* model) { return model->model.condition_channels(); }
uint32_t undertow_label_channels(const undertow_model* model) { return model->model.label_channels(); }
const char* undertow_precision(const undertow_model* model) { return model->model.precision(); }

size_t undertow_fact_size(const undertow_model* model, const char* name) {
  const undertow::Fact* found = fact(model, name);
  return found ? found->texts.size() + found->integers.size() + found->floats.size() : 0;
}
const char* undertow_fact_text(const undertow_model* model, const char* name, size_t index, size_t* bytes) {
  const undertow::Fact* found = fact(model, name);
  const bool there = found && index < found->texts.size();
  if (bytes) *bytes = there ? found->texts[index].size() : 0;
  return there ? found->texts[index].c_str() : nullptr;
}
int64_t undertow_fact_integer(const undertow_model* model, const char* name, size_t index) {
  const undertow::Fact* found = fact(model, name);
  return found && index < found->integers.size() ? found->integers[index] : 0;
}
float undertow_fact_number(const undertow_model* model, const char* name, size_t index) {
  const undertow::Fact* found = fact(model, name);
  return found && index < found->floats.size() ? found->floats[index] : 0;
}

undertow_stream* undertow_stream_open(const undertow_model* model, const undertow_options* options) {
  return guarded<undertow_stream*>(nullptr, [&] {
    there(model);
    return new undertow_stream{undertow::Stream(model->model, options_of(options))};
  });
}
void undertow_stream_close(undertow_stream* stream) { delete stream; }
int undertow_stream_reset(undertow_stream* stream) {
  return succeeds(stream, [&] { stream->stream.reset(); });
}
int undertow_stream_reserve(undertow_stream* stream, size_t count) {
  return succeeds(stream, [&] { stream->stream.reserve(count); });
}
uint64_t undertow_stream_position(const undertow_stream* stream) { return stream->stream.position(); }

int undertow_feed(undertow_stream* stream, const int64_t* symbols, size_t count, const float* condition,
                  float* params) {
  return succeeds(stream, [&] { stream->stream.feed({symbols, count * elements(stream)}, condition, params); });
}
int undertow_draw(undertow_stream* stream, int64_t* symbols, size_t count, const float* condition) {
  return succeeds(stream, [&] { stream->stream.draw({symbols, count * elements(stream)}, condition); });
}
int undertow_process(undertow_stream* stream, const int64_t* in, int64_t* out, size_t count, const float* condition) {
  return succeeds(stream, [&] {
    stream->stream.process({in, count * elements(stream)}, {out, count * elements(stream)}, condition);
  });
}
int undertow_feed_samples(undertow_stream* stream, const float* samples, size_t count, const float* condition) {
  return succeeds(stream, [&] { stream->stream.feed(samples, count, condition); });
}
int undertow_draw_samples(undertow_stream* stream, float* samples, size_t count, const float* condition) {
  return succeeds(stream, [&] { stream->stream.draw(samples, count, condition); });
}
int undertow_process_samples(undertow_stream* stream, const float* in, float* out, size_t count,
                             const float* condition) {
  return succeeds(stream, [&] { stream->stream.process(in, out, count, condition); });
}

int undertow_feed_text(undertow_stream* stream, const char* text) {
  return succeeds(stream, [&] {
    there(text);
    stream->stream.feed(std::string_view(text));
  });
}
ptrdiff_t undertow_text(const undertow_model* model, const int64_t* symbols, size_t count, char* text, size_t capacity) {
  return guarded(ptrdiff_t(-1), [&] {
    there(model);
    const std::string whole = model->model.alphabet().text({symbols, count});
    return put(whole.data(), whole.size(), text, capacity);
  });
}

ptrdiff_t undertow_save(const undertow_stream* stream, void* bytes, size_t capacity) {
  return guarded(ptrdiff_t(-1), [&] {
    there(stream);
    const std::vector<std::byte> saved = stream->stream.save();
    return put(saved.data(), saved.size(), bytes, capacity);
  });
}
int undertow_load(undertow_stream* stream, const void* bytes, size_t size) {
  return succeeds(stream, [&] { stream->stream.load({static_cast<const std::byte*>(bytes), size}); });
}

}  // extern "C"
