// Small models with the facts that programs read, for the tests of the C++ and C faces.
#pragma once

#include "networks.h"

namespace undertow::testing {

// Of mu-law sound at 8 kHz, with the labels speaker (theo, lucas) and digit (0, 1, 2), and more channels of condition
// for features.
inline FileBuilder of_sound(Type precision = Type::f32, uint32_t feature_channels = 0, uint32_t seed = 1) {
  FileBuilder builder = wavenet({.precision = precision, .condition_channels = 3 + feature_channels, .seed = seed});
  builder.facts = {
      {"alphabet", Fact::Kind::texts, {"mu_law"}},
      {"real", Fact::Kind::texts, {"sound"}},
      {"unit", Fact::Kind::texts, {"sample"}},
      {"sample_rate", Fact::Kind::integers, {}, {8000}},
      {"receptive_field", Fact::Kind::integers, {}, {8}},
      {"labels", Fact::Kind::texts, {"speaker", "digit"}},
      {"labels.0", Fact::Kind::texts, {"theo", "lucas"}},
      {"labels.0.vectors", Fact::Kind::floats, {}, {}, {0, 0, 0, 1, 2, 3, -1, 0, 0.5f}},
      {"labels.1", Fact::Kind::texts, {"0", "1", "2"}},
      {"labels.1.vectors", Fact::Kind::floats, {}, {}, {0, 0, 0, 0.25f, 0, 0, 0, 0.25f, 0, 0, 0, 0.25f}},
  };
  return builder;
}

// Of sixteen characters, of which the last has two bytes; at most 40 of them.
inline FileBuilder of_text() {
  FileBuilder builder = bytenet();
  std::vector<std::string> symbols;
  for (char letter = 'a'; letter < 'a' + 15; letter++) symbols.emplace_back(1, letter);
  symbols.emplace_back("\xC3\xA9");
  builder.facts = {{"alphabet", Fact::Kind::texts, {"characters"}},
                   {"real", Fact::Kind::texts, {"text"}},
                   {"unit", Fact::Kind::texts, {"character"}},
                   {"max_length", Fact::Kind::integers, {}, {40}},
                   {"symbols", Fact::Kind::texts, symbols}};
  return builder;
}

}  // namespace undertow::testing
