// 16-bit floats in plain integer arithmetic: for scalar code and single values. `static` keeps copies apart
// in translation units compiled for different processors.
#pragma once

#include <cstdint>
#include <cstring>

namespace longleaf::cpu {

static inline float float_of_bits(uint32_t bits) {
    float f;
    std::memcpy(&f, &bits, 4);
    return f;
}

static inline uint32_t bits_of_float(float f) {
    uint32_t bits;
    std::memcpy(&bits, &f, 4);
    return bits;
}

static inline float bf16_to_float(uint16_t b) { return float_of_bits(static_cast<uint32_t>(b) << 16); }

static inline float half_to_float(uint16_t h) {
    const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16, rest = h & 0x7fff;
    if (rest >= 0x7c00) return float_of_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13);  // infinity, NaN
    if (rest < 0x0400) {                                                                 // zero, subnormal
        const float magnitude = static_cast<float>(rest) * 5.9604644775390625e-8f;       // 2^-24
        return sign ? -magnitude : magnitude;
    }
    return float_of_bits(sign | ((rest << 13) + (112u << 23)));
}

/// Rounds to nearest, ties to even, as the processor's own conversion does.
static inline uint16_t float_to_half(float f) {
    const uint32_t bits = bits_of_float(f), magnitude = bits & 0x7fffffff;
    const uint32_t sign = bits >> 16 & 0x8000;
    if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000)
        return static_cast<uint16_t>(sign | 0x7c00);  // 65520 and up round to infinity
    if (magnitude < 0x38800000) {  // below 2^-14: adding 0.5 leaves the multiple of 2^-24 in the low bits
        const float shifted = float_of_bits(magnitude) + 0.5f;
        return static_cast<uint16_t>(sign | (bits_of_float(shifted) - bits_of_float(0.5f)));
    }
    const uint32_t rounded = magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1);
    return static_cast<uint16_t>(sign | rounded >> 13);
}

}  // namespace longleaf::cpu
