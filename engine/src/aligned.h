// Memory that does not move: allocated once, zeroed, aligned to cache lines; large blocks to huge pages.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace undertow {

template <class T>
class Aligned {
 public:
  Aligned() = default;

  explicit Aligned(size_t size) : size_(size) {
    if (size == 0) return;
    constexpr size_t huge = size_t(2) << 20;
    const size_t bytes = size * sizeof(T), alignment = bytes >= huge / 2 ? huge : 64;
    if (bytes / sizeof(T) != size) throw std::bad_alloc();
    void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!memory) throw std::bad_alloc();
    data_.reset(static_cast<T*>(memory));
#ifdef __linux__
    if (alignment == huge) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    std::memset(memory, 0, bytes);
  }

  T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  T& operator[](size_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };
  std::unique_ptr<T, Free> data_;
  size_t size_ = 0;
};

constexpr size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

}  // namespace undertow
