// The C face holds in C99: c_face.c.
#include <doctest/doctest.h>

#include "face_models.h"

extern "C" int check_c_face(const void* file, size_t bytes);

TEST_CASE("the C face") {
  const undertow::testing::Bytes file = undertow::testing::of_sound().build();
  CHECK_MESSAGE(check_c_face(file.data(), file.size()) == 0, "a line of c_face.c");
}
