#include "team.h"

#include <unistd.h>

#include <stdexcept>
#include <string>
#include <system_error>

#ifdef UNDERTOW_X86
#include <xmmintrin.h>
#endif

namespace undertow {

namespace {

#ifdef UNDERTOW_X86
constexpr uint64_t defined_mode = 0x1f80;  // exceptions masked, round to nearest, no flushing to zero
uint64_t mode() { return _mm_getcsr(); }
void set_mode(uint64_t mode) { _mm_setcsr(uint32_t(mode)); }
#elif defined(__aarch64__)
constexpr uint64_t defined_mode = 0;
uint64_t mode() {
  uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  return fpcr;
}
void set_mode(uint64_t fpcr) { asm volatile("msr fpcr, %0" ::"r"(fpcr)); }
#else
constexpr uint64_t defined_mode = 0;
uint64_t mode() { return 0; }
void set_mode(uint64_t) {}
#endif

}  // namespace

DefinedArithmetic::DefinedArithmetic() : before_(mode()) { set_mode(defined_mode); }
DefinedArithmetic::~DefinedArithmetic() { set_mode(before_); }

void check_threads(uint32_t threads) {
  if (threads < 1 || threads > most_threads)
    throw std::invalid_argument("threads must be from 1 to " + std::to_string(most_threads));
}

Team::Team(uint32_t size) : process_(getpid()) {
  threads_.reserve(size - 1);
  try {
    for (uint32_t member = 1; member < size; member++) threads_.emplace_back([this, member] { serve(member); });
  } catch (const std::system_error&) {
    close();
    throw std::invalid_argument("this system does not give " + std::to_string(size) + " threads");
  }
}

Team::~Team() { close(); }

void Team::close() {
  closing_ = true;
  round_++;
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run_all() {
  if (!threads_.empty() && process_ != getpid())
    throw std::runtime_error("this engine was made before the process was forked; make one of its own here");
  const DefinedArithmetic arithmetic;
  busy_ = uint32_t(threads_.size());
  round_++;
  round_.notify_all();
  call_(work_, 0);
  for (uint32_t busy; (busy = busy_) > 0;) busy_.wait(busy);
}

void Team::serve(uint32_t member) {
  const DefinedArithmetic arithmetic;
  for (uint64_t seen = 0;; seen++) {
    round_.wait(seen);
    if (closing_) return;
    call_(work_, member);
    if (--busy_ == 0) busy_.notify_one();
  }
}

}  // namespace undertow
