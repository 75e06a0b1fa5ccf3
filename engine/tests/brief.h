// Under sanitizers and emulators, where a step takes many times as long, fewer repetitions: a fault that they show, they
// show in one of each kind. That every combination gives the same bits is held where nothing slows the tests.
#pragma once

#include <vector>

namespace undertow::testing {

#ifdef UNDERTOW_BRIEF
constexpr bool brief = true;
#else
constexpr bool brief = false;
#endif

// All of them, or the last.
template <class T>
std::vector<T> tried(std::vector<T> all) {
  return brief ? std::vector<T>{all.back()} : all;
}

}  // namespace undertow::testing
