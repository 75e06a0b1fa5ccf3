// The distribution of a step's symbols, as a model file describes it.
#pragma once

#include <cstdint>

namespace undertow {

enum class EmissionKind : uint32_t {
  categorical = 0,
  mixture_of_logistics = 1,
  mixture_of_gaussians = 2,
  gaussian = 3,
  bernoulli = 4,          // a vector of independent symbols a step, 0 or 1
  none = 5,               // outputs, from which nothing is drawn
  coupled_logistics = 6,  // a pixel a step: three symbols, each of which depends on those before it
};

constexpr uint32_t num_emission_kinds = 7;
constexpr uint32_t num_channels = 3;  // of a pixel

struct Emission {
  EmissionKind kind;
  uint32_t num_components;             // of a mixture; of a Bernoulli its elements; else 0
  double initial_scale, scale_margin;  // of what is cut into bins; else 0

  // A draw takes one of the components.
  bool is_mixture() const {
    return kind == EmissionKind::mixture_of_logistics || kind == EmissionKind::mixture_of_gaussians || is_coupled();
  }
  bool is_coupled() const { return kind == EmissionKind::coupled_logistics; }
  bool is_logistic() const { return kind == EmissionKind::mixture_of_logistics || is_coupled(); }
  bool has_bins() const { return is_mixture() || kind == EmissionKind::gaussian; }

  // Symbols of a step, and whether they are a vector.
  bool is_vector() const { return kind == EmissionKind::bernoulli || is_coupled(); }
  uint32_t num_elements() const { return is_coupled() ? num_channels : is_vector() ? num_components : 1; }

  uint64_t num_params(uint32_t num_symbols) const;
  uint32_t num_uniforms() const;  // that one draw takes
};

}  // namespace undertow
