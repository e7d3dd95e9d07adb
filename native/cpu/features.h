// What this processor and operating system can run.
#pragma once

namespace longleaf::cpu {

struct Features {
    bool avx2 = false;    // with FMA and F16C
    bool avx512 = false;  // F, BW, DQ and VL
};

Features detect_features();

}  // namespace longleaf::cpu
