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
    CHECK(slow.together <= 100'000 / 100);
    Pace other;
    const Done fast = walk(other, 100'000, 1, 2, most);
    CHECK(fast.alone <= 100'000 / 100);
  }
}

TEST_CASE("a change is noticed after the next trial") {
  Pace pace;
  walk(pace, 10'000, 1, 2);
  const Done after = walk(pace, 100'000, 3, 2);
  CHECK(after.together < 2 * Pace::steps_between);
  CHECK(after.alone > 80'000);
}

TEST_CASE("both are tried at first, in pieces, alone before together") {
  Pace pace;
  CHECK(pace.alone());
  CHECK(pace.next(1000) == Pace::piece_steps);
  pace.done(Pace::trial_steps - 3, 1);
  CHECK(pace.next(1000) == 3);
  pace.done(3, 1);
  CHECK(!pace.alone());
}

TEST_CASE("what is very slow is tried for no more than a piece") {
  Pace pace;
  walk(pace, Pace::trial_steps, 1000, 1);
  const Done done = walk(pace, 100'000, 1000, 1);
  CHECK(done.together <= 13 * Pace::piece_steps);
}

}  // namespace undertow::testing
