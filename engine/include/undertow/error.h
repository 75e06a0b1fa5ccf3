// The one exception of `Model` and `Stream`.
#pragma once

#include <stdexcept>

namespace undertow {

// A file that cannot be used, or a request that makes no sense; the message is one line for a user.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace undertow
