#include "team.h"

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

Team::Team(uint32_t size) {
  for (uint32_t member = 1; member < size; member++) threads_.emplace_back([this, member] { serve(member); });
}

Team::~Team() {
  closing_ = true;
  round_++;
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run_all() {
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
