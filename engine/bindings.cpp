// The engine as the Python module undertow.native._engine; all that knows Python is here and in bindings_arrays.h.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>

#include "bindings_arrays.h"
#include "src/kernels.h"
#include "src/memory.h"
#include "src/program.h"
#include "src/team.h"
#include "src/warping.h"
#include "undertow/cdf.h"
#include "undertow/encoder.h"
#include "undertow/engine.h"
#include "undertow/measure.h"
#include "undertow/sampling.h"

using namespace nb::literals;

namespace undertow {
namespace {

constexpr int64_t steps_between_signals = 256;

using Symbols = Array<const int64_t>;
using Drawn = Array<int64_t>;
using Floats = Array<const float, nb::ndim<3>>;
using Params = Array<float, nb::ndim<3>>;
using Uniforms = Array<const double, nb::ndim<3>>;
using Keys = Array<const int64_t, nb::shape<-1, 3>>;
using Samplings = Array<const double, nb::shape<-1, 3>>;  // temperature, top_k, top_p; of all rows, or of each
using Rows = std::optional<Array<const uint32_t, nb::ndim<1>>>;  // the slots of a call's rows; of all, where there are none

Type type_of(const std::string& name) {
  for (Type type : {Type::f32, Type::bf16, Type::i8})
    if (name == undertow::name(type)) return type;
  throw std::invalid_argument("precision '" + name + "' is none of float32, bfloat16, int8");
}

// An empty list is of no rows, for which there is nothing to do; the engine's empty list is all of them.
Slots slots_of(const Rows& rows) {
  require(!rows || rows->size() > 0, "there are to be rows");
  return rows ? Slots(rows->data(), rows->size()) : Slots();
}

int64_t count(const Engine& engine, Slots slots) { return int64_t(slots.empty() ? engine.slots() : slots.size()); }

Condition condition_of(const Engine& engine, const std::optional<Floats>& given, int64_t rows, int64_t steps) {
  const int64_t channels = engine.program().graph.condition_channels;
  if (channels == 0) {
    require(!given, "this model takes no condition");
    return {};
  }
  require(given.has_value(), "this model needs a condition");
  require(int64_t(given->shape(0)) == rows && int64_t(given->shape(2)) == channels &&
              (given->shape(1) == 1 || int64_t(given->shape(1)) == steps),
          "the condition is to be (rows, 1 or steps, condition_channels)");
  return {given->data(), int64_t(given->shape(1)), int64_t(given->shape(1)) * channels};
}

// The shape of a step's symbols behind others: vectors have one dimension more.
std::vector<size_t> with_elements(const Graph& graph, std::vector<size_t> sizes) {
  if (graph.is_vector()) sizes.push_back(graph.num_elements());
  return sizes;
}

void check_signals() {
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

// Counts of emissions, (…, num_symbols + 1) or (…, 2) of a symbol each.
using CountsOut = Array<uint32_t>;
using SymbolsIn = Array<const int64_t>;

// What is wanted of emissions of the shape `places`.
Counting counting_of(const std::vector<size_t>& places, uint32_t num_symbols, uint32_t total_bits,
                     const std::optional<CountsOut>& cumulative, const std::optional<SymbolsIn>& counted,
                     const std::optional<CountsOut>& intervals) {
  std::vector<size_t> all = places, pairs = places;
  all.push_back(size_t(num_symbols) + 1), pairs.push_back(2);
  require(!cumulative || has_shape(*cumulative, all), "cumulative counts are to be (…, num_symbols + 1)");
  require(counted.has_value() || !intervals, "intervals are of the symbols `counted`: give them too");
  require(!counted || has_shape(*counted, places), "the symbols to count are to be one for each emission");
  require(!intervals || has_shape(*intervals, pairs), "intervals are to be (…, 2)");
  return {total_bits, cumulative ? cumulative->data() : nullptr, counted ? counted->data() : nullptr,
          intervals ? intervals->data() : nullptr};
}

void feed(Engine& engine, std::optional<Symbols> symbols, std::optional<Floats> condition, std::optional<Params> params,
          Rows rows, uint32_t total_bits, std::optional<CountsOut> cumulative, std::optional<SymbolsIn> counted,
          std::optional<CountsOut> intervals, std::optional<Floats> inputs) {
  const Slots slots = slots_of(rows);
  const Graph& graph = engine.program().graph;
  require(symbols.has_value() != inputs.has_value(), "give symbols or inputs");
  require(!symbols || symbols->ndim() >= 2, "symbols are to be (rows, steps), and of vectors (rows, steps, elements)");
  const size_t num_rows = size_t(count(engine, slots)), steps = symbols ? symbols->shape(1) : inputs->shape(1);
  const std::vector<size_t> places = with_elements(graph, {num_rows, steps});
  require(!symbols || has_shape(*symbols, places), "symbols are to be (rows, steps), and of vectors (rows, steps, elements)");
  require(!inputs || has_shape(*inputs, {num_rows, steps, graph.input_channels()}),
          "inputs are to be (rows, steps, input_channels)");
  require(!params || has_shape(*params, {num_rows, steps, engine.program().num_params()}),
          "params are to be (rows, steps, num_params)");
  const Feed feed{symbols ? symbols->data() : nullptr, int64_t(steps),
                  condition_of(engine, condition, int64_t(num_rows), int64_t(steps)), params ? params->data() : nullptr,
                  slots, counting_of(places, graph.num_symbols, total_bits, cumulative, counted, intervals),
                  inputs ? inputs->data() : nullptr};
  const nb::gil_scoped_release release;
  engine.feed(feed);
}

// Python's signals are looked at now and then; a run that is interrupted leaves what it has drawn.
void run_watched(Engine& engine, const Run& whole) {
  for (int64_t done = 0; done < whole.steps; done += steps_between_signals) {
    const int64_t steps = std::min(steps_between_signals, whole.steps - done);
    {
      const nb::gil_scoped_release release;
      engine.run(part_of(whole, done, steps, engine.program().graph));
    }
    check_signals();
  }
}

std::vector<Sampling> samplings_of(const std::optional<Samplings>& given, int64_t rows) {
  if (!given) return {Sampling{}};
  require(given->shape(0) == 1 || int64_t(given->shape(0)) == rows, "sampling is to be (1 or rows, 3)");
  std::vector<Sampling> samplings;
  for (size_t i = 0; i < given->shape(0); i++) {
    const double temperature = (*given)(i, 0), top_k = (*given)(i, 1), top_p = (*given)(i, 2);
    require(temperature >= 0 && top_p > 0 && top_p <= 1 && top_k >= 0 && top_k < 0x1p32,
            "temperature, top_k or top_p is out of range");
    samplings.push_back({temperature, uint32_t(top_k), top_p});
  }
  return samplings;
}

void run(Engine& engine, Drawn out, std::optional<Floats> condition, std::optional<Samplings> sampling,
         std::optional<Uniforms> uniforms, std::optional<Keys> keys, Rows rows, std::optional<Params> params) {
  const Slots slots = slots_of(rows);
  const Graph& graph = engine.program().graph;
  require(out.ndim() >= 2, "out is to be (rows, steps), and of vectors (rows, steps, elements)");
  const int64_t steps = int64_t(out.shape(1)), num_rows = count(engine, slots);
  const int64_t num_uniforms = graph.emission.num_uniforms();
  require(has_shape(out, with_elements(graph, {size_t(num_rows), size_t(steps)})),
          "out is to be (rows, steps), and of vectors (rows, steps, elements)");
  require(uniforms.has_value() != keys.has_value(), "give uniforms or keys");
  const std::vector<Sampling> samplings = samplings_of(sampling, num_rows);
  if (uniforms)
    require(int64_t(uniforms->shape(0)) == num_rows && int64_t(uniforms->shape(1)) == steps &&
                int64_t(uniforms->shape(2)) == num_uniforms,
            "uniforms are to be (rows, steps, num_uniforms)");
  if (keys) require(int64_t(keys->shape(0)) == num_rows, "keys are to be (rows, 3)");
  Run whole{out.data(), steps, steps * graph.num_elements(), condition_of(engine, condition, num_rows, steps), samplings[0],
            uniforms ? uniforms->data() : nullptr, steps * num_uniforms, keys ? keys->data() : nullptr, slots};
  if (samplings.size() > 1) whole.samplings = samplings.data();
  const size_t num_params = engine.program().num_params();
  require(!params || has_shape(*params, {size_t(num_rows), size_t(steps), num_params}),
          "params are to be (rows, steps, num_params)");
  if (params) whole.params = params->data(), whole.params_stride = steps * int64_t(num_params);
  run_watched(engine, whole);
}

nb::dict state(const Engine& engine, Rows rows) {
  const Slots slots = slots_of(rows);
  std::vector<Leaf> parts;
  {
    const nb::gil_scoped_release release;
    parts = engine.state(slots);
  }
  return dict_of(std::move(parts));
}

void restore(Engine& engine, nb::dict arrays, Rows rows) {
  const Slots slots = slots_of(rows);
  std::vector<Leaf> leaves = leaves_of(arrays);
  const nb::gil_scoped_release release;
  engine.restore(std::move(leaves), slots);
}

void set_memory(Engine& engine, nb::dict arrays, const std::vector<int64_t>& sources) {
  const std::vector<Leaf> leaves = leaves_of(arrays);
  const nb::gil_scoped_release release;
  engine.set_memory(leaves, sources);
}

// What a decoder begins with of sources: the leaves of its memory, and of its state.
nb::tuple encode(Encoder& encoder, std::optional<Array<const int64_t, nb::ndim<2>>> symbols, std::optional<Floats> inputs,
                 Array<const int64_t, nb::ndim<1>> lengths) {
  const Graph& graph = encoder.program().graph;
  require(symbols.has_value() != inputs.has_value(), "give symbols or inputs");
  const size_t rows = lengths.shape(0), stride = symbols ? symbols->shape(1) : inputs->shape(1);
  require(!symbols || has_shape(*symbols, {rows, stride}), "symbols are to be (rows, steps)");
  require(!inputs || has_shape(*inputs, {rows, stride, graph.input_channels()}), "inputs are to be (rows, steps, input_channels)");
  Encoded encoded;
  {
    const nb::gil_scoped_release release;
    encoded = encoder.encode({symbols ? symbols->data() : nullptr, inputs ? inputs->data() : nullptr, int64_t(rows),
                              int64_t(stride), lengths.data()});
  }
  return nb::make_tuple(dict_of(std::move(encoded.memory)), dict_of(std::move(encoded.first)));
}

std::vector<size_t> places_of(const IntegerCdf& cdf, size_t emissions) {
  if (!cdf.is_vector()) return {emissions};
  return {emissions, cdf.num_elements()};
}

void count_emissions(IntegerCdf& cdf, Array<const float, nb::ndim<2>> params, uint32_t total_bits,
           std::optional<CountsOut> cumulative, std::optional<SymbolsIn> counted, std::optional<CountsOut> intervals) {
  require(params.shape(1) == cdf.num_params(), "params are to be (emissions, num_params)");
  const Counting counting =
      counting_of(places_of(cdf, params.shape(0)), cdf.num_symbols(), total_bits, cumulative, counted, intervals);
  const nb::gil_scoped_release release;
  const DefinedArithmetic arithmetic;
  cdf.check(counting, int64_t(params.shape(0)));
  for (size_t i = 0; i < params.shape(0); i++) cdf.count(counting, params.data() + i * cdf.num_params(), int64_t(i));
}

// The symbols that have such counts, num_symbols where parameters are not numbers; of vectors those of the element after
// the known ones.
void find_symbols(IntegerCdf& cdf, Array<const float, nb::ndim<2>> params, uint32_t total_bits,
                  Array<const uint32_t, nb::ndim<1>> counts, Array<int64_t, nb::ndim<1>> symbols, CountsOut intervals,
                  std::optional<Array<const int64_t, nb::ndim<2>>> known) {
  const uint32_t total = IntegerCdf::total_of(total_bits, cdf.num_symbols());
  require(params.shape(1) == cdf.num_params(), "params are to be (emissions, num_params)");
  require(counts.shape(0) == params.shape(0) && symbols.shape(0) == params.shape(0) &&
              has_shape(intervals, {params.shape(0), 2}),
          "counts and symbols are to be (emissions), intervals (emissions, 2)");
  require(!known || (known->shape(0) == params.shape(0) && known->shape(1) < cdf.num_elements()),
          "known elements are to be (emissions, elements), fewer than a vector has");
  const uint32_t element = known ? uint32_t(known->shape(1)) : 0;
  for (size_t i = 0; known && i < known->size(); i++)
    require(known->data()[i] >= 0 && known->data()[i] < cdf.num_symbols(), "a known element lies outside the alphabet");
  const DefinedArithmetic arithmetic;
  for (size_t i = 0; i < params.shape(0); i++) {
    require(counts.data()[i] < total, "a count is not below the total");
    const bool numbers = cdf.take(params.data() + i * cdf.num_params(), total, element,
                                  known ? known->data() + i * element : nullptr);
    const uint32_t symbol = numbers ? cdf.find(counts.data()[i]) : cdf.num_symbols();
    symbols.data()[i] = symbol;
    intervals.data()[2 * i] = numbers ? cdf.below(symbol) : 0;
    intervals.data()[2 * i + 1] = numbers ? cdf.below(symbol + 1) : 0;
  }
}

nb::object pending(const Engine& engine, Rows rows) {
  const Graph& graph = engine.program().graph;
  const Slots slots = slots_of(rows);
  const std::vector<size_t> sizes = with_elements(graph, {size_t(count(engine, slots))});
  return owned(engine.pending(slots), {sizes.begin(), sizes.end()});
}

void set_pending(Engine& engine, Symbols symbols, Rows rows) {
  const Slots slots = slots_of(rows);
  require(has_shape(symbols, with_elements(engine.program().graph, {size_t(count(engine, slots))})),
          "pending symbols are to be (rows), and of vectors (rows, elements)");
  engine.set_pending({symbols.data(), symbols.size()}, slots);
}

// (rows, columns) distances of sequences; they are `starts` of `frames`, and one more where the last ends.
nb::object warped(uint32_t kind, Array<const double, nb::ndim<2>> frames, Array<const int64_t, nb::ndim<1>> starts,
                  Array<const int64_t, nb::ndim<1>> rows, Array<const int64_t, nb::ndim<1>> columns, bool mirrored) {
  require(kind <= uint32_t(FrameDistance::identical), "no such distance");
  require(starts.size() > 0 && starts.data()[starts.size() - 1] <= int64_t(frames.shape(0)), "frames are missing");
  for (size_t i = 1; i < starts.size(); i++) require(starts.data()[i - 1] <= starts.data()[i], "starts are to rise");
  std::vector<double> distances(rows.size() * columns.size());
  {
    const nb::gil_scoped_release release;
    warp(FrameDistance(kind), {frames.data(), frames.shape(1), {starts.data(), starts.size()}},
         {rows.data(), rows.size()}, {columns.data(), columns.size()}, mirrored, distances.data());
  }
  return owned(std::move(distances), {int64_t(rows.size()), int64_t(columns.size())});
}

std::vector<std::string> cpu_isas() {
  std::vector<std::string> names;
  for (const Kernels* kernels : usable_kernels()) names.emplace_back(kernels->name);
  return names;
}

}  // namespace
}  // namespace undertow

NB_MODULE(_engine, m) {
  using namespace undertow;
  nb::set_leak_warnings(false);  // programs that Python still keeps when it ends are no one's mistake
  nb::class_<Program>(m, "Program")
      .def("__init__",
           [](Program* self, nb::bytes file, const std::string& isa) {
             const std::span<const std::byte> bytes{static_cast<const std::byte*>(file.data()), file.size()};
             const nb::gil_scoped_release release;
             new (self) Program(bytes, isa);
           },
           "data"_a, "isa"_a = "auto")
      .def_prop_ro("precision", [](const Program& p) { return name(p.graph.precision); })
      .def_prop_ro("isa", [](const Program& p) { return std::string(p.kernels.name); })
      .def_prop_ro("num_symbols", [](const Program& p) { return p.graph.num_symbols; })
      .def_prop_ro("num_elements", [](const Program& p) { return p.graph.is_vector() ? p.graph.num_elements() : 0; })
      .def_prop_ro("input_channels", [](const Program& p) { return p.graph.input_channels(); })
      .def_prop_ro("num_params", [](const Program& p) { return p.num_params(); })
      .def_prop_ro("num_uniforms", [](const Program& p) { return p.graph.emission.num_uniforms(); })
      .def_prop_ro("condition_channels", [](const Program& p) { return p.graph.condition_channels; })
      .def_prop_ro("reads_memory", [](const Program& p) { return !memory_shapes(p.graph).empty(); })
      .def_prop_ro("is_encoder", [](const Program& p) { return p.graph.is_encoder(); })
      .def_prop_ro("weight_bytes", [](const Program& p) { return p.weight_bytes(); })
      .def_prop_ro("state_bytes", [](const Program& p) { return p.graph.state_bytes(); });
  nb::class_<Engine>(m, "Engine")
      .def("__init__",
           [](Engine* self, const Program& program, uint32_t slots, uint32_t threads) {
             // Python keeps the program alive (keep_alive below); this pointer owns nothing.
             const nb::gil_scoped_release release;
             new (self) Engine(std::shared_ptr<const Program>(std::shared_ptr<const Program>(), &program), slots, threads);
           },
           "program"_a, "slots"_a, "threads"_a, nb::keep_alive<1, 2>())
      .def_prop_ro("slots", &Engine::slots)
      .def_prop_ro("threads", &Engine::threads)
      .def_prop_ro("threads_used", &Engine::threads_used)
      .def("pending", &pending, "slots"_a.noconvert() = nb::none())
      .def("set_pending", &set_pending, "symbols"_a.noconvert(), "slots"_a.noconvert() = nb::none())
      .def("feed", &feed, "symbols"_a.noconvert() = nb::none(), "condition"_a.noconvert() = nb::none(),
           "params"_a.noconvert() = nb::none(), "slots"_a.noconvert() = nb::none(), "total_bits"_a = 0,
           "cumulative"_a.noconvert() = nb::none(), "counted"_a.noconvert() = nb::none(),
           "intervals"_a.noconvert() = nb::none(), "inputs"_a.noconvert() = nb::none())
      .def("run", &run, "out"_a.noconvert(), "condition"_a.noconvert() = nb::none(),
           "sampling"_a.noconvert() = nb::none(), "uniforms"_a.noconvert() = nb::none(),
           "keys"_a.noconvert() = nb::none(), "slots"_a.noconvert() = nb::none(), "params"_a.noconvert() = nb::none())
      .def("reset", [](Engine& e, Rows rows) { e.reset(slots_of(rows)); }, "slots"_a.noconvert() = nb::none())
      .def("copy", &Engine::copy, "source"_a, "target"_a)
      .def("state", &state, "slots"_a.noconvert() = nb::none())
      .def("restore", &restore, "leaves"_a, "slots"_a.noconvert() = nb::none())
      .def("set_memory", &set_memory, "leaves"_a, "sources"_a)
      .def("set_source", &Engine::set_source, "slot"_a, "source"_a);
  nb::class_<Encoder>(m, "Encoder")
      .def("__init__",
           [](Encoder* self, const Program& program, uint32_t threads) {
             const nb::gil_scoped_release release;
             new (self) Encoder(std::shared_ptr<const Program>(std::shared_ptr<const Program>(), &program), threads);
           },
           "program"_a, "threads"_a, nb::keep_alive<1, 2>())
      .def("encode", &encode, "symbols"_a.noconvert().none(), "inputs"_a.noconvert().none(), "lengths"_a.noconvert());
  nb::class_<IntegerCdf>(m, "IntegerCdf")
      .def("__init__",
           [](IntegerCdf* self, uint32_t kind, uint32_t num_symbols, uint32_t num_components, double initial_scale,
              double scale_margin) {
             require(kind < num_emission_kinds && EmissionKind(kind) != EmissionKind::none, "no such kind of emission");
             new (self) IntegerCdf({EmissionKind(kind), num_components, initial_scale, scale_margin}, num_symbols,
                                   choose_kernels("auto"));
           },
           "kind"_a, "num_symbols"_a, "num_components"_a = 0, "initial_scale"_a = 0.0, "scale_margin"_a = 0.0)
      .def("count", &count_emissions, "params"_a.noconvert(), "total_bits"_a, "cumulative"_a.noconvert() = nb::none(),
           "counted"_a.noconvert() = nb::none(), "intervals"_a.noconvert() = nb::none())
      .def("find", &find_symbols, "params"_a.noconvert(), "total_bits"_a, "counts"_a.noconvert(), "symbols"_a.noconvert(),
           "intervals"_a.noconvert(), "known"_a.noconvert() = nb::none());
  m.def("warp", &warped, "kind"_a, "frames"_a.noconvert(), "starts"_a.noconvert(), "rows"_a.noconvert(),
        "columns"_a.noconvert(), "mirrored"_a);
  m.def("cpu_isas", &cpu_isas);
  m.def("read_bandwidth",
        [](size_t num_bytes, uint32_t threads, const std::string& isa) { return read_bandwidth(num_bytes, threads, isa); },
        "num_bytes"_a, "threads"_a = 1, "isa"_a = "auto", nb::call_guard<nb::gil_scoped_release>());
  m.def("matrix_peak",
        [](const std::string& precision, const std::string& isa, uint32_t threads) {
          return matrix_peak(type_of(precision), threads, isa);
        },
        "precision"_a, "isa"_a = "auto", "threads"_a = 1, nb::call_guard<nb::gil_scoped_release>());
}
