// Files whose parts do not fit together are refused in one line.
#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <string>

#include "networks.h"
#include "refusal.h"

using namespace undertow;
using namespace undertow::testing;

namespace {

template <class T>
void set(StoredTensor& tensor, size_t index, T number) {
  std::memcpy(tensor.data.data() + index * sizeof number, &number, sizeof number);
}

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("the emission") {
  const auto with = [](Emission emission, uint32_t num_params) {
    return refusal(wavenet({.num_params = num_params, .emission = emission}).build());
  };
  const auto logistics = EmissionKind::mixture_of_logistics, gaussians = EmissionKind::mixture_of_gaussians;
  CHECK(with({EmissionKind::categorical, 0, 0, 0}, 15) == "the output has 15 channels; the emission has 16 parameters");
  CHECK(with({logistics, 4, 0.1, 3}, 16) == "the output has 16 channels; the emission has 12 parameters");
  CHECK(with({gaussians, ~0u, 0.1, 3}, 16) == "the output has 16 channels; the emission has 12884901885 parameters");
  CHECK(with({EmissionKind::gaussian, 0, 0.1, 3}, 3) == "the output has 3 channels; the emission has 2 parameters");
  CHECK(with({gaussians, 0, 0.1, 3}, 2) == "the emission has 0 components; a mixture has some, another none");
  CHECK(with({EmissionKind::gaussian, 1, 0.1, 3}, 2) ==
        "the emission has 1 components; a mixture has some, another none");
  const auto coupled = EmissionKind::coupled_logistics;
  CHECK(refusal(coloured().build()) == "");
  CHECK(refusal([](auto& b) { b.emission.num_components = 3; }, coloured()) ==
        "the output has 20 channels; the emission has 30 parameters");
  CHECK(refusal([](auto& b) { b.emission.num_components = ~0u; }, coloured()) ==
        "the output has 20 channels; the emission has 42949672950 parameters");
  CHECK(with({coupled, 0, 0.1, 3}, 10) == "the emission has 0 components; a mixture has some, another none");
  CHECK(with({coupled, 1, 2, 3}, 10) == "the emission's initial scale is 2; it must be above 0 and at most 1");
  CHECK(with({coupled, 1, 0.1, 11}, 10) == "the emission's scale margin is 11; it must be -10 to 10");
  CHECK(with({EmissionKind::gaussian, 0, 0, 3}, 2) ==
        "the emission's initial scale is 0; it must be above 0 and at most 1");
  CHECK(with({EmissionKind::gaussian, 0, not_a_number, 3}, 2) ==
        "the emission's initial scale is nan; it must be above 0 and at most 1");
  CHECK(with({EmissionKind::gaussian, 0, 1, infinity}, 2) ==
        "the emission's scale margin is inf; it must be -10 to 10");
  CHECK(with({EmissionKind::gaussian, 0, 1, -11}, 2) == "the emission's scale margin is -11; it must be -10 to 10");
}

TEST_CASE("domains") {
  CHECK(refusal([](auto& b) { b.domains.clear(); }) == "the model file has no domains");
  CHECK(refusal([](auto& b) { b.domains[0].period = 2; }) == "domain 0 does not tick at every step");
  CHECK(refusal([](auto& b) { b.domains.push_back({1, 2}); }) ==
        "domain 1 has the parent 1, which does not come before it");
  CHECK(refusal([](auto& b) { b.domains.push_back({0, 0}); }) == "domain 1 has a period of 0");
  CHECK(refusal([](auto& b) { b.domains.insert(b.domains.end(), {{0, 1u << 20}, {1, 1u << 20}}); }) ==
        "domain 2 ticks once in 1099511627776 steps; the most is 1048576");
}

TEST_CASE("values") {
  CHECK(refusal([](auto& b) { b.values[1].channels = 0; }) == "value 1 has 0 channels; it can have 1 to 1048576");
  CHECK(refusal([](auto& b) { b.values[1].channels = ~0u; }) ==
        "value 1 has 4294967295 channels; it can have 1 to 1048576");
  CHECK(refusal([](auto& b) { b.values = std::vector<Value>(5, {1 << 20, 0, -1, 0}); }) ==
        "the model's values have 5242880 channels in all; the most is 1048576");
  CHECK(refusal([](auto& b) { b.values[1].channels = 1000; }) ==
        "op 1 (conv) makes 4 channels, and value 1 has 1000");
  CHECK(refusal([](auto& b) { b.values[1].channels = 1 << 19; }) ==
        "the model's values have 524307 channels in all; a file of 1408 bytes has weights for fewer");
  CHECK(refusal([](auto& b) { b.values[1].domain = 1; }) == "value 1 is in domain 1 of 1");
  CHECK(refusal([](auto& b) { b.values.push_back({4, 0, -1, 0}); }) == "value 3 is written by no op");
  CHECK(refusal([](auto& b) { b.output = 3; }) == "the output is value 3 of 3");
  CHECK(refusal([](auto& b) { b.output = b.frame(2, 2); }) == "the output, value 3, is in domain 1, not 0");
}

TEST_CASE("steps of int8 values") {
  const auto with = [](float step) {
    return refusal([step](auto& b) { set(b.tensors[b.values[0].step], 2, step); }, small(Type::i8));
  };
  const std::string must = " in channel 2; it must be above 0, finite and normal";
  CHECK(with(0) == "value 0 has the step 0" + must);
  CHECK(with(-1) == "value 0 has the step -1" + must);
  CHECK(with(not_a_number) == "value 0 has the step nan" + must);
  CHECK(with(infinity) == "value 0 has the step inf" + must);
  CHECK(with(1e-40f) == "value 0 has the step 9.99995e-41" + must);
  CHECK(refusal([](auto& b) { b.values[1].zero_point = 256; }) == "value 1 has the zero point 256; the most is 255");
  CHECK(refusal([](auto& b) { b.values[1].step = 5; }) == "value 1 has the step tensor 5 of 5");
  CHECK(refusal([](auto& b) { b.values[1].step = -2; }) == "value 1 has the step tensor -2 of 5");
  CHECK(refusal([](auto& b) { b.values[1].step = 2; }) == "value 1 has steps of 8 float32, not 4 float32");
  CHECK(refusal([](auto& b) { b.values[0].step = -1; }, small(Type::i8)) ==
        "op 1 (conv) has an int8 weight, and its input value 0 has no step");
}

TEST_CASE("ops") {
  CHECK(refusal([](auto& b) { b.ops[1].kind = OpKind(num_op_kinds); }) ==
        "op 1 is of the unknown kind " + std::to_string(num_op_kinds));
  CHECK(refusal([](auto& b) { b.ops[1].activation = Activation(num_activations); }) ==
        "op 1 has the unknown activation " + std::to_string(num_activations));
  CHECK(refusal([](auto& b) { b.ops[1].inputs = {3}; }) == "op 1 (conv) reads value 3 of 3");
  CHECK(refusal([](auto& b) { b.ops[1].inputs = {2}; }) == "op 1 (conv) reads value 2, which is not written yet");
  CHECK(refusal([](auto& b) { b.ops[1].add = 1; }) ==
        "op 1 (conv) adds value 1, which is not written yet");
  CHECK(refusal([](auto& b) { b.ops[1].output = 3; }) == "op 1 (conv) writes value 3 of 3");
  CHECK(refusal([](auto& b) { b.ops[2].output = 1; }) == "op 2 (conv) writes value 1, which is written already");
  CHECK(refusal([](auto& b) { b.ops[2].weight = 1; }) == "op 2 (conv) has the weight tensor 1, as has op 1");
  CHECK(refusal([](auto& b) { b.ops[0].inputs = {0}; }) == "op 0 (embed) reads value 0, which is not written yet");
}

TEST_CASE("embed and condition") {
  CHECK(refusal([](auto& b) { b.num_symbols = 17; }) ==
        "op 0 (embed) has a table of 17x3 float32; it must be float32, "
        "with a row for each of 17 symbols and the start");
  CHECK(refusal([](auto& b) { b.ops[0].weight = -1; }) == "op 0 (embed) has the weight tensor -1 of 5");
  CHECK(refusal([](auto& b) { b.values[0].channels = 4; }) ==
        "op 0 (embed) makes 3 channels, and value 0 has 4");
  CHECK(refusal([](auto& b) { b.ops[0].settings = {2}; }) ==
        "op 0 (embed) has what only a conv can have: an activation, settings, added value or tensors");
  CHECK(refusal([](auto& b) { b.condition(); }) == "value 3 has 0 channels; it can have 1 to 1048576");
  const auto with_condition = [](uint32_t channels, uint32_t said) {
    return [=](FileBuilder& b) {
      b.condition_channels = channels;
      b.condition();
      b.output = 2;
      b.condition_channels = said;
    };
  };
  CHECK(refusal(with_condition(2, 2)) == "");
  CHECK(refusal(with_condition(2, 0)) == "op 3 (condition) is in a model without a condition");
  CHECK(refusal(with_condition(2, 3)) == "op 3 (condition) makes 3 channels, and value 3 has 2");
  FileBuilder deaf;
  deaf.condition_channels = 3;
  deaf.conv({deaf.condition()}, 16);
  CHECK(refusal(deaf.build()) == "the model file has no embed op: nothing reads the symbols");
}

TEST_CASE("convolutions") {
  CHECK(refusal([](auto& b) { b.ops[1].inputs = {}; }) == "op 1 (conv) has no inputs");
  CHECK(refusal([](auto& b) { b.ops[1].inputs = {0, 0}; }) ==
        "op 1 (conv) has 2 inputs; where it reads the past it can have one");
  const auto taps = [](std::vector<uint32_t> settings) {
    return refusal([settings](auto& b) { b.ops[1].settings = settings; });
  };
  const std::string must = " settings for 2 taps: a width, a lag each; of a raster two more, and a column each";
  CHECK(taps({}) == "op 1 (conv) has 0" + must);
  CHECK(taps({0, 1, 2, 0}) == "op 1 (conv) has 4" + must);
  CHECK(taps({5, 1, 0}) == "op 1 (conv) has 3" + must);
  CHECK(taps({0, ~0u >> 1, 0}) == "op 1 (conv) looks back 2147483647 steps; the most is 268435456");
  CHECK(taps({0, 1 << 25, 0}) == "");
  CHECK(taps({0, 1 << 26, 0}) == "the state has more than 134217728 numbers a row");
  CHECK(taps({0, 3, 3}) == "op 1 (conv) has two taps of lag 3");
  CHECK(taps({0, 0, 0}) == "op 1 (conv) has two taps of lag 0");
  CHECK(taps({0, 0, 7}) == "");
  CHECK(taps({0, 2, 7}) == "");
  CHECK(taps({5, 0, 0, 6, 0, ~0u, 0}) == "");
  CHECK(taps({5, 3, 2, 4, 0, ~0u, ~1u}) == "");
  CHECK(taps({5, 3, 2, 4, 0, ~0u, 0}) == "op 1 (conv) has a tap of lag 0 that looks 0 columns aside in rows of 5");
  CHECK(taps({5, 0, 0, 6, 0, 1, 0}) == "op 1 (conv) has a tap of lag 6 that looks 1 columns aside in rows of 5");
  CHECK(taps({~0u, 0, 0, 6, 0, 1, 0}) == "op 1 (conv) has rows of 4294967295 pixels, 0 late and 0 ahead; "
        "the most is 268435456, and no more ahead than late");
  CHECK(taps({5, 1, 2, 6, 0, 1, 0}) == "op 1 (conv) has rows of 5 pixels, 1 late and 2 ahead; "
        "the most is 268435456, and no more ahead than late");
  CHECK(taps({4, 1, 1, 3, ~0u, 0, 0, 2}) == "op 1 (conv) makes 2 channels, and value 1 has 4");
  CHECK(taps({4, 1, 1, 3, ~0u, 0, 0, 3}) == "op 1 (conv) has 3 phases in rows of 4 steps and a weight of 8x2x3; "
        "there can be 2 to 16, of whole rows and of equal parts");
  CHECK(taps({4, 1, 1, 3, ~0u, 0, 0, 0}) == "op 1 (conv) has 1 phases in rows of 4 steps and a weight of 8x2x3; "
        "there can be 2 to 16, of whole rows and of equal parts");
  CHECK(taps({4, 1, 1, 3, 3, 0, 0, 2}) == "op 1 (conv) has two taps of lag 3");
  CHECK(refusal([](auto& b) { b.conv({2}, 16, {.kernel_size = 2, .dilation = 1 << 24}); }) ==
        "the state has more than 134217728 numbers a row");
  CHECK(refusal([](auto& b) { b.ops[2].inputs = {1, 0}; }) ==
        "op 2 (conv) has a weight of 16x1x4; its last dimension is to be the inputs' channels, 7");
  CHECK(refusal([](auto& b) { b.ops[1].weight = 5; }) == "op 1 (conv) has the weight tensor 5 of 5");
  CHECK(refusal([](auto& b) { b.ops[1].bias = 4; }) == "op 1 (conv) has a bias of 16 float32, not 8 float32");
  CHECK(refusal([](auto& b) { b.ops[1].bias = -7; }) == "op 1 (conv) has the bias tensor -7 of 5");
  CHECK(refusal([](auto& b) { b.ops[1].scale = 2; }) == "op 1 (conv) has a scale without an int8 weight");
  CHECK(refusal([](auto& b) { b.ops[1].scale = -1; }, small(Type::i8)) ==
        "op 1 (conv) has an int8 weight without a scale");
  CHECK(refusal([](auto& b) { b.ops[2].scale = b.ops[1].scale; }, small(Type::i8)) ==
        "op 2 (conv) has a scale of 8 float32, not 16 float32");
  CHECK(refusal([](auto& b) { b.ops[1].activation = Activation::none; }) ==
        "op 1 (conv) makes 8 channels, and value 1 has 4");
  CHECK(refusal([](auto& b) { b.conv({0}, 3); b.ops[3].activation = Activation::gate; }) ==
        "op 3 (conv) has a gate over 3 channels, an odd number");
  CHECK(refusal([](auto& b) { b.ops[2].add = 1; }) == "op 2 (conv) adds 4 channels to 16");
  CHECK(refusal([](auto& b) { b.ops[2].add = -2; }) == "op 2 (conv) adds value -2");
  CHECK(refusal([](auto& b) { b.ops[2].add = 9; }) == "op 2 (conv) adds value 9 of 3");
}

TEST_CASE("multiplicative units") {
  const auto units = [](auto& b, uint32_t channels = 3) {
    b.conv({0}, channels, {.activation = Activation::multiply});
    b.conv({b.output}, 16);
  };
  CHECK(refusal([&](auto& b) { units(b); }) == "");
  CHECK(refusal([&](auto& b) { units(b, 4); }) ==
        "op 3 (conv) has multiplicative units of 16 channels over an input of 3, not four times as many");
  CHECK(refusal([&](auto& b) { b.conv({0, 0}, 6, {.activation = Activation::multiply}); }) ==
        "op 3 (conv) has multiplicative units over 2 inputs; they take one");
  CHECK(refusal([&](auto& b) { units(b), b.values[3].channels = 12; }) ==
        "op 3 (conv) makes 3 channels, and value 3 has 12");
  CHECK(refusal([&](auto& b) { units(b), b.ops[3].add = 0; }) == "op 3 (conv) adds 3 channels to 12");
}

TEST_CASE("norms") {
  const auto after_norm = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b.norm(2, Activation::relu), spoil(b); });
  };
  CHECK(after_norm([](auto&) {}) == "");
  CHECK(after_norm([](auto& b) { b.ops[3].inputs = {}; }) == "op 3 (norm) has 0 inputs, not 1");
  CHECK(after_norm([](auto& b) { b.ops[3].inputs = {2, 2}; }) == "op 3 (norm) has 2 inputs, not 1");
  const std::string only = "op 3 (norm) has what only a conv can have: a gate, units or scale";
  CHECK(after_norm([](auto& b) { b.ops[3].activation = Activation::gate; }) == only);
  CHECK(after_norm([](auto& b) { b.ops[3].activation = Activation::multiply; }) == only);
  CHECK(after_norm([](auto& b) { b.ops[3].activation = Activation::gelu; }) ==
        "op 3 (norm) has an activation other than relu");
  const std::string settings = "op 3 (norm) has settings other than an epsilon, then 0 or 1";
  CHECK(after_norm([](auto& b) { b.ops[3].settings = {2}; }) == settings);
  CHECK(after_norm([](auto& b) { b.ops[3].settings[1] = 2; }) == settings);
  CHECK(after_norm([](auto& b) { b.ops[3].settings[0] = 0; }) ==
        "op 3 (norm) has the epsilon 0; it must be above 0");
  CHECK(after_norm([](auto& b) { b.ops[3].settings[0] = 0x7f800000; }) ==
        "op 3 (norm) has the epsilon inf; it must be above 0");
  CHECK(after_norm([](auto& b) { b.ops[3].scale = b.ops[3].bias; }) == only);
  CHECK(after_norm([](auto& b) { b.ops[3].add = 2; }) == "op 3 (norm) adds value 2");
  CHECK(after_norm([](auto& b) { b.ops[3].weight = -1; }) == "op 3 (norm) has the weight tensor -1 of 7");
  CHECK(after_norm([](auto& b) { b.ops[3].weight = 4; }) == "");
  CHECK(after_norm([](auto& b) { b.ops[3].weight = 3; }) == "op 3 (norm) has the weight tensor 3, as has op 2");
  CHECK(after_norm([](auto& b) { b.ops[3].weight = 2; }) == "op 3 (norm) has a weight of 8 float32, not 16 float32");
  CHECK(after_norm([](auto& b) { b.ops[3].bias = -1; }) == "");
  CHECK(after_norm([](auto& b) { b.ops[3].bias = -2; }) == "op 3 (norm) has the bias tensor -2 of 7");
  CHECK(after_norm([](auto& b) { b.ops[3].bias = 1; }) == "op 3 (norm) has a bias of 8x2x3 float32, not 16 float32");
  CHECK(after_norm([](auto& b) { b.values[3].channels = 12; }) == "op 3 (norm) makes 16 channels, and value 3 has 12");
  CHECK(after_norm([](auto& b) { b.norm(b.frame(0, 2)), b.values[5].domain = 0, b.output = 2; }) ==
        "op 5 (norm) writes to domain 0 from domain 1");
}

TEST_CASE("adds") {
  const auto after_add = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b.add(2, 2, Activation::relu), spoil(b); });
  };
  CHECK(after_add([](auto&) {}) == "");
  CHECK(after_add([](auto& b) { b.ops[3].inputs = {2, 2}; }) == "op 3 (add) has 2 inputs, not 1");
  CHECK(after_add([](auto& b) { b.ops[3].activation = Activation::gate; }) ==
        "op 3 (add) makes 8 channels, and value 3 has 16");
  CHECK(after_add([](auto& b) { b.ops[3].activation = Activation::gate, b.values[3].channels = 8, b.output = 2; }) == "");
  CHECK(after_add([](auto& b) { b.ops[3].activation = Activation::multiply; }) ==
        "op 3 (add) has multiplicative units, which a conv can have");
  CHECK(refusal([](auto& b) { b.add(0, 0, Activation::relu), b.ops[3].activation = Activation::gate; }) ==
        "op 3 (add) has 2 parts in 3 channels");
  CHECK(after_add([](auto& b) { b.ops[3].settings = {0}; }) == "op 3 (add) has settings");
  CHECK(after_add([](auto& b) { b.ops[3].weight = 4; }) == "op 3 (add) has tensors, which it does not read");
  CHECK(after_add([](auto& b) { b.ops[3].bias = 4; }) == "op 3 (add) has tensors, which it does not read");
  CHECK(after_add([](auto& b) { b.ops[3].add = -1; }) == "");
  CHECK(after_add([](auto& b) { b.ops[3].add = -1, b.ops[3].activation = Activation::none; }) ==
        "op 3 (add) adds no value and has no activation");
  CHECK(after_add([](auto& b) { b.ops[3].scale = 4; }) == "op 3 (add) has tensors, which it does not read");
  CHECK(after_add([](auto& b) { b.ops[3].add = -2; }) == "op 3 (add) adds value -2");
  CHECK(after_add([](auto& b) { b.ops[3].add = 3; }) == "op 3 (add) adds value 3, which is not written yet");
  CHECK(after_add([](auto& b) { b.ops[3].add = 1; }) == "op 3 (add) adds 4 channels to 16");
  CHECK(after_add([](auto& b) { b.values[3].channels = 15; }) == "op 3 (add) makes 16 channels, and value 3 has 15");
  CHECK(after_add([](auto& b) { b.add(0, 0), b.frame(0, 1), b.ops[4].add = 0, b.output = 3; }) == "");
  CHECK(refusal([](auto& b) { b.add(b.frame(0, 1), 0), b.output = 2; }) ==
        "op 4 (add) adds a value of domain 0 in domain 1");
}

TEST_CASE("recurrent ops") {
  // 0 … 2 are the small model's; 3 what is given, 4 the previous state, 5 the sums of its gates, 6 the cell.
  const auto lstm = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b.recurrent(OpKind::lstm, 0, 5), b.output = 2, spoil(b); });
  };
  const auto gru = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b.recurrent(OpKind::gru, 0, 5), b.output = 2, spoil(b); });
  };
  CHECK(lstm([](auto&) {}) == "");
  CHECK(gru([](auto&) {}) == "");
  CHECK(lstm([](auto& b) { b.ops[4].settings = {}; }) ==
        "op 4 (previous) has 0 settings, not 1: the value that it repeats");
  CHECK(lstm([](auto& b) { b.repeat(4, 7); }) == "op 4 (previous) repeats value 7 of 7");
  CHECK(lstm([](auto& b) { b.repeat(4, 4); }) == "op 4 (previous) repeats itself");
  CHECK(lstm([](auto& b) { b.repeat(4, 1); }) == "op 4 (previous) repeats value 1, which is written already");
  CHECK(lstm([](auto& b) { b.repeat(4, 5); }) == "op 4 (previous) repeats value 5 of 20 channels in 5");
  CHECK(lstm([](auto& b) { b.ops[4].inputs = {0}; }) == "op 4 (previous) has 1 inputs, not 0");
  CHECK(lstm([](auto& b) { b.ops[4].add = 0; }) ==
        "op 4 (previous) has what only a conv can have: an activation, added value, bias or scale");
  CHECK(lstm([](auto& b) { b.ops[4].weight = 4; }) == "op 4 (previous) has a first value of 16 float32, not 5 float32");
  CHECK(lstm([](auto& b) { b.ops[4].weight = -1; }) == "");
  CHECK(lstm([](auto& b) { b.ops[4].name = ""; }) == "op 4 keeps a state and has no name");
  CHECK(lstm([](auto& b) { b.ops[6].name = b.ops[4].name; }) == "op 6 keeps op.4, as another op does");
  CHECK(lstm([](auto& b) { b.ops[6].inputs = {3, 5}; }) == "op 6 (lstm) has 2 inputs, not 1");
  CHECK(lstm([](auto& b) { b.ops[6].inputs = {1}; }) == "op 6 (lstm) reads 4 channels, not 4 times the 5 it makes");
  CHECK(lstm([](auto& b) { b.ops[6].add = 0; }) ==
        "op 6 (lstm) has what only a conv can have: an activation, added value, bias or scale");
  CHECK(lstm([](auto& b) { b.ops[6].weight = 4; }) == "op 6 (lstm) has a first cell of 16 float32, not 5 float32");
  CHECK(gru([](auto& b) { b.ops[6].inputs = {3, 5}; }) == "op 6 (gru) has 2 inputs, not 3");
  CHECK(gru([](auto& b) { b.ops[6].inputs = {3, 4, 4}; }) == "op 6 (gru) has 5 channels for input 1, not 15");
  CHECK(gru([](auto& b) { b.ops[6].inputs = {3, 5, 0}; }) == "op 6 (gru) has 3 channels for input 2, not 5");
  CHECK(gru([](auto& b) { b.ops[6].weight = 2; }) == "op 6 (gru) has a weight or settings, which it does not read");
}

TEST_CASE("loops") {
  // A loop at a slower clock, and one that another clock's op stands in.
  CHECK(refusal([](auto& b) { b.recurrent(OpKind::gru, b.frame(0, 2), 5), b.output = 2; }) == "");
  CHECK(refusal([](auto& b) { b.previous(3), b.frame(0, 2), b.repeat(3, b.add(0, 3)), b.output = 2; }) ==
        "op 4 (frame) is of domain 1, between op 3 and what that repeats, of domain 0");
  CHECK(refusal([](auto& b) {
          b.frame(0, 2), b.previous(3), b.unframe(3), b.repeat(4, b.add(0, 4)), b.output = 2;
        }) == "op 5 (unframe) is of domain 1, between op 4 and what that repeats, of domain 0");
  CHECK(refusal([](auto& b) { b.previous(6), b.frame(0, 2), b.repeat(3, 4), b.output = 2; }) ==
        "op 3 (previous) repeats a value of domain 1 in domain 0");
  CHECK(refusal([](auto& b) {
          b.domains.push_back({0, 2}), b.previous(6, 1), b.add(3, 3), b.repeat(3, 4), b.output = 2;
        }) == "op 3 (previous) is in domain 1, which has no frames yet");
}

TEST_CASE("int8 weights") {
  const auto with = [](int8_t first, int8_t second) {
    FileBuilder builder = small(Type::i8);
    StoredTensor& weight = builder.tensors[builder.ops[2].weight];
    set(weight, 4 + 2, first);
    set(weight, 4 + 3, second);
    return refusal(builder.build());
  };
  CHECK(with(127, 1) == "");
  CHECK(with(-127, -1) == "");
  CHECK(with(127, -127) == "");
  const std::string end = " of output 1 are too large side by side (at most 127 each, 128 of one sign together)";
  CHECK(with(127, 2) == "tensor 6: the int8 weights 127 and 2" + end);
  CHECK(with(-65, -64) == "tensor 6: the int8 weights -65 and -64" + end);
  CHECK(with(-128, 0) == "tensor 6: the int8 weights -128 and 0" + end);
  CHECK(refusal([](auto& b) { b.conv({b.conv({0}, 32768)}, 1, {.kernel_size = 3, .type = Type::i8}); }) ==
        "op 4 (conv) sums 98304 int8 products; the most is 65536");
}

TEST_CASE("frames") {
  CHECK(refusal([](auto& b) { b.frame(0, 2); b.values[3].domain = 0; }) ==
        "op 3 (frame) goes from domain 0 to 0, which is not a slower one right below it");
  CHECK(refusal([](auto& b) { b.frame(b.frame(0, 2), 2); b.ops[4].inputs = {0}; }) ==
        "op 4 (frame) goes from domain 0 to 2, which is not a slower one right below it");
  CHECK(refusal([](auto& b) { b.frame(0, 2); b.values[3].channels = 7; }) ==
        "op 3 (frame) makes 6 channels, and value 3 has 7");
  CHECK(refusal([](auto& b) { b.frame(0, 2); b.ops[3].inputs = {}; }) == "op 3 (frame) has 0 inputs, not 1");
  CHECK(refusal([](auto& b) { b.unframe(0); }) == "op 3 (unframe) goes from domain 0 to 0, which is not its parent");
  CHECK(refusal([](auto& b) { b.unframe(b.frame(0, 2)); b.values[4].channels = 2; }) ==
        "op 4 (unframe) reads 6 channels, not 2 times the 2 it writes");
  CHECK(refusal([](auto& b) { b.conv({b.frame(0, 2)}, 4); b.ops[4].inputs = {3, 0}; }) ==
        "op 4 (conv) reads values of domain 1 and domain 0");
  CHECK(refusal([](auto& b) { b.conv({b.frame(0, 2)}, 3, {.add = 0}); }) ==
        "op 4 (conv) adds a value of domain 0 in domain 1");
  CHECK(refusal([](auto& b) { b.conv({b.frame(0, 2)}, 3); b.values[4].domain = 0; }) ==
        "op 4 (conv) writes to domain 0 from domain 1");
}

TEST_CASE("numbers that are not finite") {
  for (const float number : {not_a_number, infinity, -infinity}) {
    for (int tensor = 0; tensor < 5; ++tensor) {
      CHECK(refusal([=](auto& b) { set(b.tensors[tensor], 1, number); }) ==
            "tensor " + std::to_string(tensor) + " has a number that is NaN or infinite");
    }
  }
  CHECK(refusal([](auto& b) { set(b.tensors[1], 1, uint16_t(0x7F80)); }, small(Type::bf16)) ==
        "tensor 1 has a number that is NaN or infinite");
  CHECK(refusal([](auto& b) { set(b.tensors[1], 1, uint16_t(0xFF7F)); }, small(Type::bf16)) == "");
  CHECK(refusal([](auto& b) { set(b.tensors[b.ops[1].scale], 1, infinity); }, small(Type::i8)) ==
        "tensor " + std::to_string(small(Type::i8).ops[1].scale) + " has a number that is NaN or infinite");
}
