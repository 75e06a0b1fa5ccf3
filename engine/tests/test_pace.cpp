// Which of two ways is faster, found out by timing both.
#include <doctest/doctest.h>

#include <initializer_list>

#include "pace.h"

namespace undertow::testing {
namespace {

// Steps that were done together and alone, where each takes so many seconds.
struct Done {
  int64_t together = 0, alone = 0;
};

Done walk(Pace& pace, int64_t steps, double together, double alone, int64_t most = 1 << 30) {
  Done done;
  while (steps > 0) {
    const int64_t now = pace.next(steps < most ? steps : most);
    REQUIRE(now > 0);
    const bool by_itself = pace.alone();
    pace.done(now, double(now) * (by_itself ? alone : together));
    (by_itself ? done.alone : done.together) += now;
    steps -= now;
  }
  return done;
}

}  // namespace

TEST_CASE("the faster way takes nearly all steps") {
  for (int64_t most : {1, 7, 1 << 30}) {
    Pace pace;
    const Done slow = walk(pace, 100'000, 2, 1, most);
    CHECK(slow.together <= 100'000 / 50);
    CHECK(pace.chosen());
    Pace other;
    const Done fast = walk(other, 100'000, 1, 2, most);
    CHECK(fast.alone <= 100'000 / 50);
    CHECK(!other.chosen());
  }
}

TEST_CASE("threads share steps only where that is faster by a margin") {
  Pace narrow, wide;
  walk(narrow, 20'000, 1, Pace::margin - 0.01);
  CHECK(narrow.chosen());
  walk(wide, 20'000, 1, Pace::margin + 0.01);
  CHECK(!wide.chosen());
}

TEST_CASE("a trial that other work slowed down decides nothing") {
  for (int slowed = 0; slowed < 2 * Pace::trials; slowed += 2) {
    Pace pace;
    for (int trial = 0; trial < 2 * Pace::trials; trial++) {
      const double each = trial == slowed ? 3 : pace.alone() ? 1 : 1.5;
      pace.done(Pace::piece_steps, each * Pace::piece_steps);
      pace.done(Pace::trial_steps - Pace::piece_steps, each * double(Pace::trial_steps - Pace::piece_steps));
    }
    CHECK(pace.next(1 << 30) == Pace::steps_between);
    CHECK(pace.chosen());
  }
}

TEST_CASE("of a trial the first steps are not timed") {
  Pace pace;
  for (int trial = 0; trial < 2 * Pace::trials; trial++) {
    const bool alone = pace.alone();
    pace.done(Pace::piece_steps, alone ? 0.1 : 0.4);
    pace.done(Pace::trial_steps - Pace::piece_steps, alone ? 2 : 1);
  }
  CHECK(!pace.chosen());
}

TEST_CASE("a change is noticed after the next trial") {
  Pace pace;
  walk(pace, 20'000, 1, 2);
  const Done after = walk(pace, 100'000, 3, 2);
  CHECK(after.together < 2 * Pace::steps_between);
  CHECK(after.alone > 80'000);
}

TEST_CASE("both are tried at first, in pieces, alone before together") {
  Pace pace;
  for (int trial = 0; trial < 2 * Pace::trials; trial++) {
    CHECK(pace.alone() == (trial % 2 == 0));
    CHECK(pace.next(1000) == Pace::piece_steps);
    pace.done(Pace::piece_steps, 0.01);
    CHECK(pace.next(1000) == Pace::trial_steps - Pace::piece_steps);
    pace.done(Pace::trial_steps - 3 - Pace::piece_steps, 1);
    CHECK(pace.next(1000) == 3);
    pace.done(3, 0.01);
  }
  CHECK(pace.next(1 << 30) == Pace::steps_between);
}

TEST_CASE("what is slow is tried in pieces, and no longer than the other way would have taken") {
  Pace pace;
  CHECK(walk(pace, 2 * Pace::trial_steps, 10, 1).together <= 2 * Pace::piece_steps);
  const Done done = walk(pace, 100'000, 1000, 1);
  CHECK(done.together <= 13 * Pace::piece_steps);
}

}  // namespace undertow::testing
