// Whether the threads that share each row are faster together or one of them alone, found out by timing some of both.
//
// Threads have cores of their own or not, and that may change; and other work on the machine makes any one timing wrong.
// So at first there is a contest: several trials of both, in turns, of which the medians count. Together they go on only
// where that was faster by a margin. Now and then the other way is tried once, and where that speaks for it there is a
// contest again. A trial of something slow ends early.
#pragma once

#include <cstdint>

namespace undertow {

class Pace {
 public:
  static constexpr int64_t trial_steps = 128;      // that each way is tried for
  static constexpr int64_t piece_steps = 8;        // of them that come first, and are not timed; the rest of what is slow
  static constexpr int64_t steps_between = 16384;  // a contest or a try, and the next try
  static constexpr int trials = 5;                 // of each way in a contest
  static constexpr double margin = 1.1;            // times as long as together, at least, that one alone is to take

  bool alone() const;                     // how to step now
  bool chosen() const { return chosen_; }  // whether one alone was found faster

  // How many of so many steps to do before asking again.
  int64_t next(int64_t steps) const;

  // So many were done, in so many seconds.
  void done(int64_t steps, double seconds);

 private:
  enum class Doing { contest, going_on, trying };

  bool is_over() const;
  bool is_slow() const;
  double each() const;
  void compare();

  Doing doing_ = Doing::contest;
  bool chosen_ = false;               // alone
  int trial_ = 0;                     // of a contest: even ones are alone
  int64_t steps_ = 0;                 // of this trial, or since the last one
  double seconds_ = 0;                // of the same
  double first_ = 0;                  // of the first piece of a trial
  double each_[2] = {};               // seconds a step, last timed: together, alone
  double contest_[2][trials] = {};
};

}  // namespace undertow
