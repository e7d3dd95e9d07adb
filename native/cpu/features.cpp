#include "cpu/features.h"

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

namespace longleaf::cpu {
namespace {

struct Leaf {
    uint32_t a = 0, b = 0, c = 0, d = 0;
};

Leaf cpuid(uint32_t leaf, uint32_t sub) {
    Leaf out;
#if defined(_MSC_VER)
    int r[4];
    __cpuid(r, 0);
    if (static_cast<uint32_t>(r[0]) < leaf) return out;
    __cpuidex(r, static_cast<int>(leaf), static_cast<int>(sub));
    out.a = r[0], out.b = r[1], out.c = r[2], out.d = r[3];
#else
    __get_cpuid_count(leaf, sub, &out.a, &out.b, &out.c, &out.d);
#endif
    return out;
}

/// Register state the operating system saves on a context switch.
uint64_t saved_state() {
#if defined(_MSC_VER)
    return _xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (static_cast<uint64_t>(high) << 32) | low;
#endif
}

bool bit(uint32_t word, int n) { return (word >> n) & 1; }

}  // namespace

Features detect_features() {
    Features f;
    const Leaf one = cpuid(1, 0), seven = cpuid(7, 0);
    if (!bit(one.c, 27)) return f;  // OSXSAVE: xgetbv exists
    const uint64_t state = saved_state();
    const bool ymm = (state & 0x06) == 0x06, zmm = (state & 0xe6) == 0xe6;
    f.avx2 = ymm && bit(one.c, 12) && bit(one.c, 28) && bit(one.c, 29) && bit(seven.b, 5);
    f.avx512 = f.avx2 && zmm && bit(seven.b, 16) && bit(seven.b, 17) && bit(seven.b, 30) && bit(seven.b, 31);
    return f;
}

}  // namespace longleaf::cpu

#else

namespace longleaf::cpu {
Features detect_features() { return {}; }
}  // namespace longleaf::cpu

#endif
