// A stream's state as bytes: a header with the model's identity, what a stream adds to an engine's state, the leaves.
#include <cstring>

#include "crc32.h"
#include "stream_parts.h"

namespace undertow {

namespace {

constexpr char magic[] = {'U', 'N', 'D', 'E', 'R', 'T', 'O', 'W', 'S', 'T', 'R', 'E', 'A', 'M', 0, 1};  // version 1
constexpr size_t checked_from = sizeof magic + sizeof(uint32_t);

class Writer {
 public:
  template <class T>
  void put(const T& number) {
    put(&number, sizeof(T));
  }
  [[gnu::noinline]] void put(const void* from, size_t bytes) {  // GCC 12 warns of overflows in what it inlines here
    bytes_.resize(bytes_.size() + bytes);
    if (bytes > 0) std::memcpy(bytes_.data() + bytes_.size() - bytes, from, bytes);
  }
  template <class T>
  void put_all(const T& numbers) {
    put(uint64_t(numbers.size()));
    put(numbers.data(), numbers.size() * sizeof(numbers[0]));
  }

  std::vector<std::byte> sealed() {
    const uint32_t checksum = crc32(std::span<const std::byte>(bytes_).subspan(checked_from));
    std::memcpy(bytes_.data() + sizeof magic, &checksum, sizeof checksum);
    return std::move(bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
};

class SavedReader {
 public:
  explicit SavedReader(std::span<const std::byte> bytes) : left_(bytes) {}

  template <class T>
  T take() {
    T number;
    take(&number, sizeof(T));
    return number;
  }
  void take(void* to, size_t bytes) {
    if (bytes > left_.size()) throw Error("the saved state is cut short");
    if (bytes > 0) std::memcpy(to, left_.data(), bytes);
    left_ = left_.subspan(bytes);
  }
  template <class T>
  T take_all() {
    const uint64_t count = take<uint64_t>();
    T numbers;
    if (count > left_.size() / sizeof(numbers[0])) throw Error("the saved state is cut short");
    numbers.resize(size_t(count));
    take(numbers.data(), size_t(count) * sizeof(numbers[0]));
    return numbers;
  }
  bool at_end() const { return left_.empty(); }

 private:
  std::span<const std::byte> left_;
};

void put_leaf(Writer& writer, const Leaf& leaf) {
  writer.put_all(leaf.name);
  writer.put_all(leaf.shape);
  writer.put(uint32_t(leaf.integer));
  writer.put_all(leaf.floats);
  writer.put_all(leaf.integers);
}

Leaf take_leaf(SavedReader& reader) {
  Leaf leaf;
  leaf.name = reader.take_all<std::string>();
  leaf.shape = reader.take_all<std::vector<int64_t>>();
  leaf.integer = reader.take<uint32_t>() != 0;
  leaf.floats = reader.take_all<std::vector<float>>();
  leaf.integers = reader.take_all<std::vector<int64_t>>();
  return leaf;
}

// Past what comes before the state itself.
SavedReader opened(std::span<const std::byte> saved, const Identity& identity) {
  SavedReader reader(saved);
  char found[sizeof magic];
  reader.take(found, sizeof found);
  if (std::memcmp(found, magic, sizeof magic) != 0) throw Error("this is not a saved state of this version");
  if (reader.take<uint32_t>() != crc32(saved.subspan(checked_from)))
    throw Error("the saved state is damaged: its checksum does not fit");
  if (reader.take<Identity>() != identity) throw Error("the saved state is of another model file");
  return reader;
}

}  // namespace

std::vector<std::byte> Stream::save() const {
  const Parts& stream = *parts_;
  Writer writer;
  writer.put(magic);
  writer.put(uint32_t(0));
  writer.put(stream.model.identity());
  writer.put(stream.seed), writer.put(stream.row), writer.put(stream.position);
  writer.put_all(stream.last);
  writer.put(stream.sampling.temperature), writer.put(stream.sampling.top_p), writer.put(stream.sampling.top_k);
  writer.put_all(stream.condition);
  const std::vector<Leaf> leaves = stream.engine.state();
  writer.put(uint32_t(leaves.size()));
  for (const Leaf& leaf : leaves) put_leaf(writer, leaf);
  return writer.sealed();
}

void Stream::load(std::span<const std::byte> saved) {
  Parts& stream = *parts_;
  SavedReader reader = opened(saved, stream.model.identity());
  const auto seed = reader.take<uint64_t>(), row = reader.take<uint64_t>(), position = reader.take<uint64_t>();
  const auto last = reader.take_all<std::vector<int64_t>>();
  Sampling sampling;
  sampling.temperature = reader.take<double>(), sampling.top_p = reader.take<double>();
  sampling.top_k = reader.take<uint32_t>();
  const auto condition = reader.take_all<std::vector<float>>();
  if (condition.size() != stream.condition.size() || last.size() != stream.last.size())
    throw Error("the saved state does not fit its model");
  std::vector<Leaf> leaves;
  for (uint32_t left = reader.take<uint32_t>(); left > 0; left--) leaves.push_back(take_leaf(reader));
  if (!reader.at_end()) throw Error("the saved state has more behind its end");
  const Sampling before = stream.sampling;
  set_sampling(sampling);
  try {
    stream.check_pending(last);
    stream.engine.restore(std::move(leaves));
    if (!stream.nothing_drawn) stream.engine.set_pending(last);
  } catch (const std::logic_error& error) {
    stream.sampling = before;
    throw Error(error.what());
  }
  stream.seed = seed, stream.row = row, stream.position = position, stream.last = last;
  stream.condition = condition;
}

}  // namespace undertow
