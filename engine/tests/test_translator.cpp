// Whole sentences through a translator: what Python wrote of them, and what is refused.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "undertow/error.h"
#include "undertow/translator.h"

using namespace undertow;

namespace {

const std::string golden = UNDERTOW_GOLDEN;

std::vector<std::byte> bytes_of(const std::string& name) {
  std::ifstream file(golden + "/" + name, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
  const auto* first = reinterpret_cast<const std::byte*>(content.data());
  return {first, first + content.size()};
}

template <class Work>
std::string refused(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a translator writes what Python wrote") {
  for (const uint32_t threads : {1u, 2u}) {
    Translator translator = load_translator(golden + "/translator.engine", {.threads = threads});
    CHECK(translator.direction() == std::vector<std::string>{"de", "en"});
    CHECK(translator.precision() == std::string("bfloat16"));
    CHECK(translator.source().kind() == "characters");
    std::ifstream lines(golden + "/translator.txt");
    size_t count = 0;
    for (std::string line, expected; std::getline(lines, line) && std::getline(lines, expected); count++) {
      INFO(line);
      CHECK(translator.translate(line) == expected);
    }
    CHECK(count == 7);
  }
}

TEST_CASE("symbols are translated as their text is, and no further than is asked") {
  Translator translator(bytes_of("translator.engine"), {.isa = "scalar"});
  const std::vector<int64_t> whole = translator.translate(translator.source().symbols("alle hunde"));
  CHECK(translator.target().text(whole) == translator.translate("alle hunde"));
  const std::vector<int64_t> some = translator.translate(translator.source().symbols("alle hunde"), 4);
  REQUIRE(some.size() <= 3);
  CHECK(std::equal(some.begin(), some.end(), whole.begin()));
  CHECK(translator.translate("ein haus", 1).empty());
}

TEST_CASE("what a translator cannot read is refused") {
  Translator translator(bytes_of("translator.engine"));
  CHECK(refused([&] { translator.translate("x"); }).find("is not in the alphabet") != std::string::npos);
  CHECK(refused([&] { translator.translate(std::string(24, 'a')); }).find("23 at most") != std::string::npos);
  CHECK(refused([&] { translator.translate("ein haus", 1000); }).find("24 symbols at most") != std::string::npos);
  CHECK(refused([&] { translator.translate(std::vector<int64_t>{-1}); }).find("outside its alphabet") !=
        std::string::npos);
  CHECK(refused([] { Translator(bytes_of("int8-categorical.engine")); }).find("no encoder") != std::string::npos);
  std::vector<std::byte> cut = bytes_of("translator.engine");
  cut.pop_back();
  CHECK(refused([&] { Translator{cut}; }) != "");
  CHECK(refused([] { load_translator("nowhere.engine"); }).find("nowhere.engine") != std::string::npos);
  CHECK(translator.translate("ein haus") == Translator(bytes_of("translator.engine")).translate("ein haus"));
}
