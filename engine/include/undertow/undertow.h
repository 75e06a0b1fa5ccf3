/* The C face of the engine, for other languages: the functions of undertow/model.h and undertow/stream.h.
 *
 * A function that can fail says so by its result (NULL or -1), and undertow_last_error() then says why, in one line.
 * One thread at a time may use a stream; any number may read a model, which has to outlive its use but not its streams.
 */
#ifndef UNDERTOW_UNDERTOW_H
#define UNDERTOW_UNDERTOW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct undertow_model undertow_model;
typedef struct undertow_stream undertow_stream;

/* How a stream draws. Begin with undertow_defaults(): fields may be added. */
typedef struct {
  uint64_t seed, row;  /* of the noise, as in Python */
  const char* label;   /* a class that one label has, such as "theo", or "speaker=theo,digit=3"; NULL: none */
  double temperature;  /* 0: the most probable symbol */
  uint32_t top_k;      /* 0: no such filter */
  double top_p;        /* 1: no such filter */
  uint32_t threads;
} undertow_options;

undertow_options undertow_defaults(void);

/* Why the last call of this thread failed; "" when none has. Valid until its next failure. */
const char* undertow_last_error(void);

/* A model from its file, or from the bytes of one, which are copied. NULL on failure. */
undertow_model* undertow_open(const char* path);
undertow_model* undertow_open_bytes(const void* file, size_t bytes);
void undertow_close(undertow_model* model);

uint32_t undertow_sample_rate(const undertow_model* model);     /* Hz; 0: steps have no rate */
uint64_t undertow_receptive_field(const undertow_model* model); /* symbols; 0: all that came before */
uint64_t undertow_max_length(const undertow_model* model);      /* symbols; 0: any number */
uint32_t undertow_num_symbols(const undertow_model* model);
uint32_t undertow_num_params(const undertow_model* model);
uint32_t undertow_num_elements(const undertow_model* model);   /* symbols of a step, side by side */
uint32_t undertow_input_channels(const undertow_model* model); /* floats of a step; 0: steps are symbols */
uint32_t undertow_condition_channels(const undertow_model* model);
uint32_t undertow_label_channels(const undertow_model* model);
const char* undertow_precision(const undertow_model* model);
/* Facts of the model file by name (docs/engine.md): how many texts, integers or numbers; one of them, or NULL, 0. Texts
 * live as long as the model; `bytes`, where it is not NULL, is set to their size, as a symbol may hold a zero. */
size_t undertow_fact_size(const undertow_model* model, const char* name);
const char* undertow_fact_text(const undertow_model* model, const char* name, size_t index, size_t* bytes);
int64_t undertow_fact_integer(const undertow_model* model, const char* name, size_t index);
float undertow_fact_number(const undertow_model* model, const char* name, size_t index);

/* A stream before its first symbol; options may be NULL. NULL on failure. */
undertow_stream* undertow_stream_open(const undertow_model* model, const undertow_options* options);
void undertow_stream_close(undertow_stream* stream);
int undertow_stream_reset(undertow_stream* stream);
/* Room for so many more symbols, before nothing may allocate: for models that attend over their past. */
int undertow_stream_reserve(undertow_stream* stream, size_t count);
uint64_t undertow_stream_position(const undertow_stream* stream);

/* Each returns 0, or -1 on failure, and allocates nothing. `condition` is NULL, or (count, condition_channels) floats;
 * `params` is NULL, or receives (count, num_params). `count` is of steps: symbols are (count, num_elements). Samples are
 * from -1 to 1; a model of floats maps (count, input_channels) to (count, num_params) in undertow_process_samples. */
int undertow_feed(undertow_stream* stream, const int64_t* symbols, size_t count, const float* condition, float* params);
int undertow_draw(undertow_stream* stream, int64_t* symbols, size_t count, const float* condition);
int undertow_process(undertow_stream* stream, const int64_t* in, int64_t* out, size_t count, const float* condition);
int undertow_feed_samples(undertow_stream* stream, const float* samples, size_t count, const float* condition);
int undertow_draw_samples(undertow_stream* stream, float* samples, size_t count, const float* condition);
int undertow_process_samples(undertow_stream* stream, const float* in, float* out, size_t count, const float* condition);

/* Read text in UTF-8, with a zero behind it. Returns 0 or -1. */
int undertow_feed_text(undertow_stream* stream, const char* text);
/* The bytes of symbols, which are UTF-8 once joined: written where `capacity` suffices. Returns their number, -1 on
 * failure. */
ptrdiff_t undertow_text(const undertow_model* model, const int64_t* symbols, size_t count, char* text, size_t capacity);

/* The state as bytes, written where `capacity` suffices. Returns their number, -1 on failure. And a stream of the same
 * model as it was when it was saved: 0, or -1 where the bytes are damaged or of another model. */
ptrdiff_t undertow_save(const undertow_stream* stream, void* bytes, size_t capacity);
int undertow_load(undertow_stream* stream, const void* bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
