// One caller at a time.
#pragma once

#include <atomic>
#include <stdexcept>

namespace undertow {

class Use {
 public:
  // Throws std::logic_error where another thread is at it.
  explicit Use(std::atomic_flag& flag) : flag_(flag) {
    if (flag_.test_and_set()) throw std::logic_error("this engine is in use in another thread; each wants its own");
  }
  ~Use() { flag_.clear(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  std::atomic_flag& flag_;
};

}  // namespace undertow
