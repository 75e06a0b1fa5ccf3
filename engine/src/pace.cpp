#include "pace.h"

#include <algorithm>

namespace undertow {

int64_t Pace::next(int64_t steps) const {
  return std::min(steps, trying_ ? std::min(piece_steps, trial_steps - steps_) : steps_between - steps_);
}

void Pace::done(int64_t steps, double seconds) {
  steps_ += steps, seconds_ += seconds;
  if (!is_over()) return;
  if (trying_) {
    each_[try_alone_] = seconds_ / double(steps_);
    decide();
  } else {
    // What goes on was timed all along; now try the other.
    each_[alone_is_faster_] = seconds_ / double(steps_);
    trying_ = true, try_alone_ = !alone_is_faster_;
  }
  steps_ = 0, seconds_ = 0;
}

// A trial takes no longer than all its steps would have taken in the other way.
bool Pace::is_over() const {
  if (steps_ >= (trying_ ? trial_steps : steps_between)) return true;
  const double other = each_[!try_alone_];
  return trying_ && other > 0 && seconds_ > other * double(trial_steps);
}

// A trial has ended: the other one is tried next where it never was, else the faster of both goes on.
void Pace::decide() {
  if (each_[!try_alone_] == 0) {
    try_alone_ = !try_alone_;
    return;
  }
  alone_is_faster_ = each_[1] <= each_[0];
  trying_ = false;
}

}  // namespace undertow
