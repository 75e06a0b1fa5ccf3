#include "kernels.h"

#include <stdexcept>
#include <string>

namespace undertow {

std::vector<const Kernels*> usable_kernels() {
  std::vector<const Kernels*> usable{&scalar_kernels};
#ifdef UNDERTOW_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable.push_back(&avx2_kernels);
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (wide) usable.push_back(&avx512_kernels);
  if (wide && __builtin_cpu_supports("avx512vnni")) usable.push_back(&avx512vnni_kernels);
#endif
  return usable;
}

const Kernels& choose_kernels(std::string_view name) {
  const auto usable = usable_kernels();
  if (name == "auto") return *usable.back();
  for (const Kernels* kernels : usable)
    if (kernels->name == name) return *kernels;
  std::string names;
  for (const Kernels* kernels : usable) names += (names.empty() ? "" : ", ") + std::string(kernels->name);
  throw std::invalid_argument("instruction set '" + std::string(name) + "' is not one this processor has: " + names);
}

}  // namespace undertow
