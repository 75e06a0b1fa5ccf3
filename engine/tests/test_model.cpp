// A model says what its file does, and files that contradict themselves are refused.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <functional>

#include "face_models.h"
#include "undertow/model.h"

using namespace undertow::testing;
using undertow::Error;
using undertow::Fact;

namespace {

std::string refused(const std::function<void(FileBuilder&)>& spoil) {
  FileBuilder builder = of_sound();
  spoil(builder);
  try {
    undertow::Model model(builder.build());
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("what a model says") {
  const undertow::Model model(of_sound(undertow::Type::i8, 2).build(), "scalar");
  CHECK(model.alphabet().kind() == "mu_law");
  CHECK(model.alphabet().real() == "sound");
  CHECK(model.alphabet().num_symbols() == 16);
  CHECK(model.sample_rate() == 8000);
  CHECK(model.receptive_field() == 8);
  CHECK(model.max_length() == 0);
  CHECK(std::string(model.precision()) == "int8");
  CHECK(model.isa() == "scalar");
  CHECK(model.num_params() == 16);
  CHECK(model.condition_channels() == 5);
  CHECK(model.label_channels() == 3);
  REQUIRE(model.labels().size() == 2);
  CHECK(model.labels()[1].name == "digit");
  CHECK(model.labels()[1].classes == std::vector<std::string>{"0", "1", "2"});
  CHECK(find(model.facts(), "unit")->texts[0] == "sample");
}

TEST_CASE("the condition of labels") {
  const undertow::Model model(of_sound(undertow::Type::f32, 1).build());
  CHECK(model.condition({{"speaker", "theo"}, {"digit", "2"}}) == std::vector<float>{1, 2, 3.25f, 0});
  CHECK(model.condition({{"digit", "0"}}) == std::vector<float>{0.25f, 0, 0, 0});
  CHECK(model.condition("lucas") == std::vector<float>{-1, 0, 0.5f, 0});
  const std::map<std::string, std::string> unknown{{"speaker", "nobody"}}, other{{"mood", "glad"}}, none;
  CHECK(model.condition(none) == std::vector<float>(4));
  CHECK_THROWS_WITH_AS(model.condition(unknown), "the label speaker has no class nobody", Error);
  CHECK_THROWS_WITH_AS(model.condition(other), "this model has no label mood", Error);
  CHECK_THROWS_WITH_AS(model.condition("nobody"), "no label of this model has a class nobody", Error);
  FileBuilder twice = of_sound();
  twice.facts[8].texts[1] = "theo";
  CHECK_THROWS_WITH_AS(undertow::Model(twice.build()).condition("theo"),
                       "both labels speaker and digit have a class theo", Error);
}

TEST_CASE("a model without facts still runs") {
  const undertow::Model model(wavenet().build());
  CHECK(model.sample_rate() == 0);
  CHECK(model.labels().empty());
  CHECK_FALSE(model.alphabet().is_sound());
  CHECK_FALSE(model.alphabet().is_text());
}

TEST_CASE("facts that contradict each other are refused") {
  CHECK(refused([](FileBuilder&) {}) == "");
  CHECK(refused([](FileBuilder& b) { b.facts[3].integers = {0}; }) ==
        "the model file has a sample_rate that is not one number from 1 to 4294967295");
  CHECK(refused([](FileBuilder& b) { b.facts[3].integers = {1, 2}; }) != "");
  CHECK(refused([](FileBuilder& b) { b.facts[7].name = "else"; }) ==
        "the model file has no vectors for the classes of the label speaker");
  CHECK(refused([](FileBuilder& b) { b.facts[7].floats.pop_back(); }) != "");
  CHECK(refused([](FileBuilder& b) { b.facts[9].floats.resize(8); }) ==
        "the model file has vectors of another size for the label digit");
  CHECK(refused([](FileBuilder& b) { b.facts[7].floats.resize(12), b.facts[9].floats.resize(16); }) != "");
}

TEST_CASE("sound whose steps are vectors is refused: samples are one a step") {
  FileBuilder builder = coloured();
  builder.facts = {{"alphabet", Fact::Kind::texts, {"mu_law"}}};
  CHECK_THROWS_WITH_AS(undertow::Model(builder.build()), "the model file has an alphabet of sound, and steps that are vectors",
                       Error);
}

TEST_CASE("files") {
  const std::string path = (std::filesystem::temp_directory_path() / "undertow_test_model.engine").string();
  const auto write = [&](const Bytes& bytes) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    REQUIRE(file != nullptr);
    if (!bytes.empty()) std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
  };
  const Bytes right = of_sound().build();
  write(right);
  CHECK(undertow::load(path).sample_rate() == 8000);
  CHECK(undertow::load(path).identity() == undertow::Model(right).identity());
  CHECK(undertow::load(path).identity() != undertow::Model(of_text().build()).identity());
  CHECK_THROWS_AS(undertow::load(path, "sse"), Error);
  write({right.begin(), right.begin() + 500});
  CHECK_THROWS_WITH_AS(undertow::load(path),
                       (path + ": the model file is cut short: it has 500 of " + std::to_string(right.size()) + " bytes").c_str(),
                       Error);
  write({});
  CHECK_THROWS_AS(undertow::load(path), Error);
  std::remove(path.c_str());
  CHECK_THROWS_WITH_AS(undertow::load(path), (path + ": No such file or directory").c_str(), Error);
  CHECK_THROWS_AS(undertow::load(std::filesystem::temp_directory_path()), Error);
}
