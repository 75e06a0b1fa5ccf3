// Reads a model file front to back; whatever reaches past its end is refused.
#pragma once

#include <cstring>
#include <span>
#include <string>

#include "check.h"

namespace undertow {

constexpr uint32_t max_name_bytes = 1024;

class Reader {
 public:
  explicit Reader(std::span<const std::byte> file) : file_(file) {}

  size_t at() const { return at_; }
  size_t left() const { return file_.size() - at_; }

  template <class T>
  T take() {
    if (left() < sizeof(T)) refuse("the model file is cut short: its tables end at byte ", file_.size());
    T number;
    std::memcpy(&number, file_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return number;
  }

  uint32_t u32() { return take<uint32_t>(); }
  int32_t i32() { return take<int32_t>(); }

  void skip(size_t bytes) { at_ += bytes; }

  // So many bytes, and zeros behind them up to a multiple of 4. `what` and `index` are of whose they are.
  std::span<const std::byte> padded(uint32_t size, const char* what, size_t index) {
    const size_t stored = (size_t(size) + 3) / 4 * 4;
    if (stored > left()) refuse(what, " ", index, " has ", size, " bytes, and the model file no room for them");
    const std::span<const std::byte> bytes = file_.subspan(at_, size);
    for (size_t i = size; i < stored; ++i)
      if (file_[at_ + i] != std::byte(0)) refuse(what, " ", index, " has more behind its last byte");
    skip(stored);
    return bytes;
  }

  // A name: its size, visible ASCII characters, zeros up to a multiple of 4 bytes.
  std::string name(const char* what, size_t index) {
    const uint32_t size = u32(), stored = (size + 3) / 4 * 4;
    if (size > max_name_bytes || stored > left()) refuse(what, " ", index, " has a name of ", size, " bytes");
    const auto* from = reinterpret_cast<const char*>(file_.data() + at_);
    std::string name(from, size);
    for (char letter : name)
      if (letter <= ' ' || letter > '~')
        refuse(what, " ", index, " has a name that is not of visible ASCII characters");
    for (uint32_t i = size; i < stored; ++i)
      if (from[i] != 0) refuse(what, " ", index, " has more behind its name");
    skip(stored);
    return name;
  }

  // How many records of at least `size` bytes follow: never more than the file has room for.
  uint32_t count(const char* what, uint32_t limit, size_t size) {
    const uint32_t number = u32();
    if (number > limit) refuse("the model file has ", number, " ", what, "; the most is ", limit);
    if (number > left() / size) refuse("the model file has no room for its ", number, " ", what);
    return number;
  }

 private:
  std::span<const std::byte> file_;
  size_t at_ = 0;
};

}  // namespace undertow
