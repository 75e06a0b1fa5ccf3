#include "pace.h"

#include <algorithm>

namespace undertow {

namespace {

constexpr double slow = 2;  // times as long as the other way: tried piece by piece, and together no more in a contest

// Whether one alone is to go on, by the seconds of a step together and alone.
bool choose_alone(double together, double alone) { return alone < together * Pace::margin; }

}  // namespace

bool Pace::alone() const {
  return doing_ == Doing::contest ? trial_ % 2 == 0 : doing_ == Doing::trying ? !chosen_ : chosen_;
}

int64_t Pace::next(int64_t steps) const {
  if (doing_ == Doing::going_on) return std::min(steps, steps_between - steps_);
  if (steps_ < piece_steps) return std::min(steps, piece_steps - steps_);
  return std::min({steps, trial_steps - steps_, is_slow() ? piece_steps : trial_steps});
}

void Pace::done(int64_t steps, double seconds) {
  steps_ += steps, seconds_ += seconds;
  if (steps_ <= piece_steps) first_ = seconds_;
  if (!is_over()) return;
  each_[alone()] = each();
  steps_ = 0, seconds_ = 0;
  switch (doing_) {
    case Doing::going_on: doing_ = Doing::trying; break;
    case Doing::trying:
      doing_ = choose_alone(each_[0], each_[1]) == chosen_ ? Doing::going_on : Doing::contest;
      break;
    case Doing::contest: compare();
  }
}

// A trial takes no longer than all its steps would have taken in the other way.
bool Pace::is_over() const {
  if (steps_ >= (doing_ == Doing::going_on ? steps_between : trial_steps)) return true;
  const double other = each_[!alone()];
  return doing_ != Doing::going_on && other > 0 && seconds_ > other * double(trial_steps);
}

bool Pace::is_slow() const {
  const double other = each_[!alone()];
  return other > 0 && seconds_ > slow * other * double(steps_);
}

// Seconds of a step. Of a trial the first ones count only where there are no others: the caches were another core's.
double Pace::each() const {
  if (doing_ == Doing::going_on || steps_ <= piece_steps) return seconds_ / double(steps_);
  return (seconds_ - first_) / double(steps_ - piece_steps);
}

// A trial of a contest has ended.
void Pace::compare() {
  contest_[alone()][trial_ / 2] = each_[alone()];
  const bool is_hopeless = trial_ % 2 == 1 && each_[0] > slow * each_[1];
  if (++trial_ < 2 * trials && !is_hopeless) return;
  if (!is_hopeless)
    for (double* of : contest_) std::nth_element(of, of + trials / 2, of + trials);
  chosen_ = is_hopeless || choose_alone(contest_[0][trials / 2], contest_[1][trials / 2]);
  doing_ = Doing::going_on, trial_ = 0;
}

}  // namespace undertow
