// Memory that does not move: allocated once, zeroed, aligned to cache lines; large blocks to huge pages.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

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
    void* memory = ::operator new(bytes, std::align_val_t(alignment));
    data_ = {static_cast<T*>(memory), Free{alignment}};
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
    size_t alignment = 64;
    void operator()(T* memory) const { ::operator delete(memory, std::align_val_t(alignment)); }
  };
  std::unique_ptr<T, Free> data_;
  size_t size_ = 0;
};

constexpr size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

}  // namespace undertow
