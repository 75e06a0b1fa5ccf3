// Threads that wait for work together; the caller is the first of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace undertow {

constexpr uint32_t most_threads = 256;

// Throws std::invalid_argument unless there are 1 to `most_threads`.
void check_threads(uint32_t threads);

class Team {
 public:
  // Throws std::invalid_argument where so many threads cannot be had.
  explicit Team(uint32_t size);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // work(0) … work(size - 1), each on a thread of its own; returns when all are done. The work must not throw.
  //
  // Throws std::runtime_error in a process forked after the team was made: its threads are not there.
  template <class Work>
  void run(const Work& work) {
    call_ = [](const void* it, uint32_t member) noexcept { (*static_cast<const Work*>(it))(member); };
    work_ = &work;
    run_all();
  }

 private:
  void run_all();
  void serve(uint32_t member);

  void close();

  void (*call_)(const void* work, uint32_t member) noexcept = nullptr;
  const void* work_ = nullptr;
  std::atomic<uint64_t> round_{0};
  std::atomic<uint32_t> busy_{0};
  std::atomic<bool> closing_{false};
  std::vector<std::thread> threads_;
  int64_t process_;
};

// While it lives, floating-point arithmetic is what the numbers are defined in: to nearest, denormals kept.
class DefinedArithmetic {
 public:
  DefinedArithmetic();
  ~DefinedArithmetic();
  DefinedArithmetic(const DefinedArithmetic&) = delete;
  DefinedArithmetic& operator=(const DefinedArithmetic&) = delete;

 private:
  uint64_t before_;
};

}  // namespace undertow
