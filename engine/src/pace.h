// Whether the threads that share each row are faster together or one of them alone, found out by timing some of both.
//
// Threads have cores of their own or not, and that may change: so both are tried at first, the faster one goes on, and
// now and then the other one is tried again. A trial of something slow ends early.
#pragma once

#include <cstdint>

namespace undertow {

class Pace {
 public:
  static constexpr int64_t trial_steps = 64;      // that each is timed for
  static constexpr int64_t piece_steps = 8;       // after which a trial may end
  static constexpr int64_t steps_between = 8192;  // trials

  bool alone() const { return trying_ ? try_alone_ : alone_is_faster_; }

  // How many of so many steps to do before asking again.
  int64_t next(int64_t steps) const;

  // So many were done, in so many seconds.
  void done(int64_t steps, double seconds);

 private:
  bool is_over() const;
  void decide();

  bool trying_ = true, try_alone_ = true, alone_is_faster_ = false;
  int64_t steps_ = 0;         // of this trial, or since the last one
  double seconds_ = 0;        // of this trial
  double each_[2] = {0, 0};   // seconds a step: together, alone
};

}  // namespace undertow
