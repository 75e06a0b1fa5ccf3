#include "facts.h"

#include <cmath>
#include <set>

namespace undertow {

namespace {

constexpr size_t fact_bytes = 12;  // at least: the sizes of its name and value, and its type

template <class T>
std::vector<T> numbers(std::span<const std::byte> bytes, size_t index) {
  if (bytes.size() % sizeof(T) != 0)
    refuse("fact ", index, " has ", bytes.size(), " bytes, which are not whole numbers");
  std::vector<T> all(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(all.data(), bytes.data(), bytes.size());
  return all;
}

// Each with its size in bytes before it.
std::vector<std::string> texts(std::span<const std::byte> bytes, size_t index) {
  std::vector<std::string> all;
  for (size_t at = 0; at < bytes.size();) {
    uint32_t size;
    if (bytes.size() - at < sizeof size) refuse("fact ", index, " is cut short in a text's size");
    std::memcpy(&size, bytes.data() + at, sizeof size);
    at += sizeof size;
    if (size > bytes.size() - at)
      refuse("fact ", index, " is cut short: a text of ", size, " bytes reaches past its end");
    all.emplace_back(reinterpret_cast<const char*>(bytes.data() + at), size);
    at += size;
  }
  return all;
}

Fact read_fact(Reader& reader, size_t index) {
  Fact fact;
  fact.name = reader.name("fact", index);
  if (fact.name.empty()) refuse("fact ", index, " has no name");
  const uint32_t kind = reader.u32();
  if (kind > uint32_t(Fact::Kind::floats)) refuse("fact ", index, " (", fact.name, ") is of the unknown type ", kind);
  fact.kind = Fact::Kind(kind);
  const std::span<const std::byte> bytes = reader.padded(reader.u32(), "fact", index);
  if (fact.kind == Fact::Kind::texts) fact.texts = texts(bytes, index);
  if (fact.kind == Fact::Kind::integers) fact.integers = numbers<int64_t>(bytes, index);
  if (fact.kind == Fact::Kind::floats) fact.floats = numbers<float>(bytes, index);
  for (float number : fact.floats)
    if (!std::isfinite(number)) refuse("fact ", index, " (", fact.name, ") has a number that is NaN or infinite");
  return fact;
}

}  // namespace

Facts read_facts(Reader& reader) {
  Facts facts;
  std::set<std::string> names;
  const uint32_t count = reader.count("facts", max_facts, fact_bytes);
  for (uint32_t i = 0; i < count; ++i) {
    facts.push_back(read_fact(reader, i));
    if (!names.insert(facts.back().name).second) refuse("the model file has two facts called ", facts.back().name);
  }
  return facts;
}

const Fact* find(const Facts& facts, std::string_view name) {
  for (const Fact& fact : facts)
    if (fact.name == name) return &fact;
  return nullptr;
}

}  // namespace undertow
