/* The C face, from C: what test_c_face.cpp calls with a model file's bytes. Returns the line of a check that fails. */
#include <stdlib.h>
#include <string.h>
#include <undertow/undertow.h>

#define CHECK(holds) \
  if (!(holds)) return __LINE__

#define STEPS 100

static int check_model(const undertow_model* model) {
  size_t bytes = 0;
  CHECK(undertow_sample_rate(model) == 8000);
  CHECK(undertow_receptive_field(model) == 8);
  CHECK(undertow_max_length(model) == 0);
  CHECK(undertow_num_symbols(model) == 16);
  CHECK(undertow_num_params(model) == 16);
  CHECK(undertow_condition_channels(model) == 3);
  CHECK(undertow_label_channels(model) == 3);
  CHECK(strcmp(undertow_precision(model), "float32") == 0);
  CHECK(undertow_fact_size(model, "labels.1") == 3);
  CHECK(strcmp(undertow_fact_text(model, "labels.0", 1, &bytes), "lucas") == 0 && bytes == 5);
  CHECK(undertow_fact_text(model, "labels.0", 2, NULL) == NULL);
  CHECK(undertow_fact_text(model, "nothing", 0, &bytes) == NULL && bytes == 0);
  CHECK(undertow_fact_integer(model, "sample_rate", 0) == 8000);
  CHECK(undertow_fact_number(model, "labels.0.vectors", 5) == 3.0f);
  CHECK(undertow_text(model, NULL, 0, NULL, 0) == -1);
  return 0;
}

static int check_stream(undertow_model* model) {
  undertow_options options = undertow_defaults();
  undertow_stream *stream, *other;
  int64_t symbols[STEPS], again[STEPS];
  float samples[STEPS], params[16 * STEPS];
  ptrdiff_t size;
  void* saved;
  options.label = "speaker=theo,digit=2";
  options.seed = 7;
  stream = undertow_stream_open(model, &options);
  CHECK(stream != NULL);
  CHECK(undertow_draw(stream, symbols, STEPS, NULL) == 0);
  size = undertow_save(stream, NULL, 0);
  CHECK(size > 0);
  saved = malloc((size_t)size);
  CHECK(undertow_save(stream, saved, (size_t)size) == size);
  CHECK(undertow_draw_samples(stream, samples, STEPS, NULL) == 0);
  CHECK(undertow_stream_position(stream) == 2 * STEPS);
  other = undertow_stream_open(model, NULL);
  CHECK(undertow_load(other, saved, (size_t)size) == 0);
  CHECK(undertow_feed_samples(other, samples, STEPS, NULL) == 0);
  CHECK(undertow_draw(other, symbols, 10, NULL) == 0);
  CHECK(undertow_draw(stream, again, 10, NULL) == 0);
  CHECK(memcmp(symbols, again, 10 * sizeof *again) == 0);
  CHECK(undertow_stream_reset(stream) == 0);
  CHECK(undertow_stream_reserve(stream, STEPS) == 0);
  CHECK(undertow_draw(stream, symbols, STEPS, NULL) == 0);
  CHECK(undertow_stream_reset(stream) == 0);
  CHECK(undertow_process(stream, symbols, again, STEPS, NULL) == 0);
  CHECK(memcmp(symbols, again, sizeof again) == 0);
  CHECK(undertow_process_samples(stream, samples, samples, STEPS, NULL) == 0);
  CHECK(undertow_feed(stream, symbols, STEPS, NULL, params) == 0);
  CHECK(undertow_load(other, saved, (size_t)size - 1) == -1);
  CHECK(strcmp(undertow_last_error(), "the saved state is damaged: its checksum does not fit") == 0);
  symbols[0] = 16;
  CHECK(undertow_feed(stream, symbols, 1, NULL, NULL) == -1);
  CHECK(strcmp(undertow_last_error(), "symbol 16 is outside the alphabet, 0 to 15") == 0);
  CHECK(undertow_feed_text(stream, "a") == -1);
  options.label = "speaker=theo,digit";
  CHECK(undertow_stream_open(model, &options) == NULL);
  CHECK(strcmp(undertow_last_error(), "a label is to be name=class, not digit") == 0);
  undertow_stream_close(stream);
  undertow_stream_close(other);
  free(saved);
  return 0;
}

int check_c_face(const void* file, size_t bytes) {
  undertow_model* model = undertow_open_bytes(file, bytes);
  int line;
  CHECK(model != NULL);
  line = check_model(model);
  if (line == 0) line = check_stream(model);
  undertow_close(model);
  if (line != 0) return line;
  CHECK(undertow_open_bytes("no model", 8) == NULL);
  CHECK(strcmp(undertow_last_error(), "not an engine's model file: it does not begin with UNDERTOW") == 0);
  CHECK(undertow_open(NULL) == NULL && undertow_stream_open(NULL, NULL) == NULL);
  CHECK(undertow_draw(NULL, NULL, 0, NULL) == -1);
  CHECK(strcmp(undertow_last_error(), "a null pointer was given") == 0);
  CHECK(undertow_open("no/such/file") == NULL);
  CHECK(strcmp(undertow_last_error(), "no/such/file: No such file or directory") == 0);
  return 0;
}
