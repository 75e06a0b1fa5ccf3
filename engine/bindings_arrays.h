// Arrays of Python as the engine's values, and the engine's values as arrays.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <stdexcept>
#include <vector>

#include "src/state.h"

namespace nb = nanobind;

namespace undertow {

template <class T, class... Shape>
using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu, Shape...>;

inline void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

template <class Given>
bool has_shape(const Given& array, std::vector<size_t> sizes) {
  bool fits = array.ndim() == sizes.size();
  for (size_t i = 0; fits && i < sizes.size(); i++) fits = array.shape(i) == sizes[i];
  return fits;
}

// An array that owns its values.
template <class T>
nb::object owned(std::vector<T> values, const std::vector<int64_t>& shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  const std::vector<size_t> sizes(shape.begin(), shape.end());
  return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), sizes.size(), sizes.data(), owner));
}

inline nb::dict dict_of(std::vector<Leaf> leaves) {
  nb::dict arrays;
  for (Leaf& leaf : leaves)
    arrays[leaf.name.c_str()] =
        leaf.integer ? owned(std::move(leaf.integers), leaf.shape) : owned(std::move(leaf.floats), leaf.shape);
  return arrays;
}

inline std::vector<Leaf> leaves_of(nb::dict arrays) {
  std::vector<Leaf> leaves;
  for (const auto [name, array] : arrays) {
    Leaf leaf;
    require(nb::try_cast(name, leaf.name), "a state's names are strings");
    nb::ndarray<nb::c_contig, nb::device::cpu, nb::ro> given;
    require(nb::try_cast(array, given), "a state is a dict of contiguous arrays");
    for (size_t i = 0; i < given.ndim(); i++) leaf.shape.push_back(int64_t(given.shape(i)));
    leaf.integer = given.dtype() == nb::dtype<int64_t>();
    require(leaf.integer || given.dtype() == nb::dtype<float>(), "a state holds float32 and int64 arrays");
    if (leaf.integer)
      leaf.integers.assign(static_cast<const int64_t*>(given.data()),
                           static_cast<const int64_t*>(given.data()) + given.size());
    else
      leaf.floats.assign(static_cast<const float*>(given.data()),
                         static_cast<const float*>(given.data()) + given.size());
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

}  // namespace undertow
