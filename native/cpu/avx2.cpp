// Compiled with this instruction set's own flags (CMakeLists.txt); called only where features.h allows.
#include "cpu/kernels.h"

#if defined(__x86_64__) || defined(_M_X64)
#include "cpu/vec_avx2.h"
#include "cpu/vec_kernels.h"

namespace longleaf::cpu {
const Kernels* avx2_kernels() {
    static constexpr Kernels kernels = vector_kernels<Avx2>("AVX2");
    return &kernels;
}
}  // namespace longleaf::cpu

#else

namespace longleaf::cpu {
const Kernels* avx2_kernels() { return nullptr; }
}  // namespace longleaf::cpu

#endif
