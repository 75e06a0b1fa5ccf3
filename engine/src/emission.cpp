#include "undertow/emission.h"

namespace undertow {

uint64_t Emission::num_params(uint32_t num_symbols) const {
  switch (kind) {
    case EmissionKind::categorical:
      return num_symbols;
    case EmissionKind::mixture_of_logistics:
    case EmissionKind::mixture_of_gaussians:
      return 3 * uint64_t(num_components);
    case EmissionKind::coupled_logistics:
      return (1 + 3 * num_channels) * uint64_t(num_components);
    case EmissionKind::gaussian:
      return 2;
    case EmissionKind::bernoulli:
      return num_components;
    default:
      return 0;
  }
}

uint32_t Emission::num_uniforms() const {
  if (kind == EmissionKind::none) return 0;
  return (is_mixture() ? 1 : 0) + num_elements();
}

}  // namespace undertow
