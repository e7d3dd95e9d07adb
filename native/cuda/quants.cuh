// Weights of block types other than Q8_0, which stay on the device as the file has them (layouts:
// ops/quant.h). Values are read eight at a time, which lie in one sub-block and take the same shifts.
#pragma once

#include <cuda_fp16.h>

#include <cstdint>
#include <type_traits>

#include "ops/quant.h"

namespace longleaf::cuda {

/// Block types are those with a Block here.
template <DType type>
struct BlockOf {
    using Block = void;
};
#define LONGLEAF_BLOCK(name, Type, count)    \
    template <>                              \
    struct BlockOf<DType::name> {            \
        using Block = Type;                  \
        static constexpr int values = count; \
    };
LONGLEAF_BLOCK(q4_0, BlockQ4_0, 32)
LONGLEAF_BLOCK(q4_1, BlockQ4_1, 32)
LONGLEAF_BLOCK(q5_0, BlockQ5_0, 32)
LONGLEAF_BLOCK(q5_1, BlockQ5_1, 32)
LONGLEAF_BLOCK(q2_k, BlockQ2K, 256)
LONGLEAF_BLOCK(q3_k, BlockQ3K, 256)
LONGLEAF_BLOCK(q4_k, BlockQ4K, 256)
LONGLEAF_BLOCK(q5_k, BlockQ5K, 256)
LONGLEAF_BLOCK(q6_k, BlockQ6K, 256)
LONGLEAF_BLOCK(iq4_nl, BlockIq4Nl, 32)
LONGLEAF_BLOCK(iq4_xs, BlockIq4Xs, 256)
LONGLEAF_BLOCK(mxfp4, BlockMxfp4, 32)
#undef LONGLEAF_BLOCK

template <DType type>
inline constexpr bool in_blocks = !std::is_void_v<typename BlockOf<type>::Block>;

__device__ inline float half_at(uint16_t bits) { return __half2float(__ushort_as_half(bits)); }

/// Eight bytes in the widest words that `unit`, their alignment, allows.
template <int unit>
__device__ inline uint64_t eight_bytes(const uint8_t* p) {
    if constexpr (unit >= 8) return *reinterpret_cast<const uint64_t*>(p);
    uint64_t all = 0;
    if constexpr (unit == 4) {
        const auto* words = reinterpret_cast<const uint32_t*>(p);
        return words[0] | static_cast<uint64_t>(words[1]) << 32;
    } else if constexpr (unit == 2) {
        const auto* words = reinterpret_cast<const uint16_t*>(p);
#pragma unroll
        for (int i = 0; i < 4; ++i) all |= static_cast<uint64_t>(words[i]) << 16 * i;
    } else {
#pragma unroll
        for (int i = 0; i < 8; ++i) all |= static_cast<uint64_t>(p[i]) << 8 * i;
    }
    return all;
}
/// The low four bits of each byte, or the high ones.
__device__ inline uint64_t nibbles(uint64_t bytes, bool high) {
    return (high ? bytes >> 4 : bytes) & 0x0f0f0f0f0f0f0f0f;
}
/// Bit i of eight as `value` in byte i.
__device__ inline uint64_t spread(uint32_t bits, int value) {
    uint64_t all = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i) all |= static_cast<uint64_t>(bits >> i & 1 ? value : 0) << 8 * i;
    return all;
}
/// `bit` of each byte, in its place.
__device__ inline uint64_t bit_of_each(uint64_t bytes, int bit) { return bytes >> bit & 0x0101010101010101; }
/// to = scale * (byte - less) - base
__device__ inline void whole_values(uint64_t q, int less, float scale, float base, float (&to)[8]) {
#pragma unroll
    for (int i = 0; i < 8; ++i)
        to[i] = fmaf(scale, static_cast<float>(static_cast<int>(q >> 8 * i & 255) - less), -base);
}
/// to = scale * table[byte], the table's sixteen bytes in two words.
__device__ inline void looked_up(uint64_t q, uint64_t low, uint64_t high, float scale, float (&to)[8]) {
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        const int at = static_cast<int>(q >> 8 * i & 15);
        const uint64_t half = at & 8 ? high : low;
        to[i] = scale * static_cast<float>(static_cast<int8_t>(half >> (at & 7) * 8));
    }
}
__device__ inline void iq4_values_of(uint64_t q, float scale, float (&to)[8]) {
    looked_up(q, 0xf6eaddcfbfad9881, 0x7159453526190d01, scale, to);
}

// eight(block, i, to): values i .. i + 7 of a block, i a multiple of eight.

__device__ inline void eight(const BlockQ4_0& b, int i, float (&to)[8]) {
    whole_values(nibbles(eight_bytes<2>(b.q + i % 16), i >= 16), 8, half_at(b.d), 0, to);
}
__device__ inline void eight(const BlockQ4_1& b, int i, float (&to)[8]) {
    whole_values(nibbles(eight_bytes<4>(b.q + i % 16), i >= 16), 0, half_at(b.d), -half_at(b.m), to);
}
__device__ inline void eight(const BlockQ5_0& b, int i, float (&to)[8]) {
    const uint64_t q = nibbles(eight_bytes<2>(b.q + i % 16), i >= 16) | spread(b.high[i / 8], 16);
    whole_values(q, 16, half_at(b.d), 0, to);
}
__device__ inline void eight(const BlockQ5_1& b, int i, float (&to)[8]) {
    const uint64_t q = nibbles(eight_bytes<4>(b.q + i % 16), i >= 16) | spread(b.high[i / 8], 16);
    whole_values(q, 0, half_at(b.d), -half_at(b.m), to);
}
__device__ inline void eight(const BlockIq4Nl& b, int i, float (&to)[8]) {
    iq4_values_of(nibbles(eight_bytes<2>(b.q + i % 16), i >= 16), half_at(b.d), to);
}
__device__ inline void eight(const BlockMxfp4& b, int i, float (&to)[8]) {
    const uint32_t e = b.exponent;  // 2^(e - 128): below 2^-126 a float has no exponent of its own
    const float scale = __uint_as_float(e < 2 ? 0x200000u << e : (e - 1) << 23);
    looked_up(nibbles(eight_bytes<1>(b.q + i % 16), i >= 16), 0x0c08060403020100, 0xf4f8fafcfdfeff00, scale,
              to);
}
__device__ inline void eight(const BlockIq4Xs& b, int i, float (&to)[8]) {
    const int j = i / 32;
    const int scale = (b.scales_low[j / 2] >> 4 * (j & 1) & 15) | (b.scales_high >> 2 * j & 3) << 4;
    const uint64_t q = eight_bytes<8>(b.q + 16 * j + i % 16);
    iq4_values_of(nibbles(q, i % 32 >= 16), half_at(b.d) * static_cast<float>(scale - 32), to);
}
__device__ inline void eight(const BlockQ2K& b, int i, float (&to)[8]) {
    const int k = i / 32 % 4;
    const uint64_t q = eight_bytes<4>(b.q + i / 128 * 32 + i % 32) >> 2 * k & 0x0303030303030303;
    const uint8_t scale = b.scales[i / 16];
    whole_values(q, 0, half_at(b.d) * static_cast<float>(scale & 15),
                 half_at(b.dmin) * static_cast<float>(scale >> 4), to);
}
__device__ inline void eight(const BlockQ3K& b, int i, float (&to)[8]) {
    const int n = i / 128, k = i / 32 % 4, s = i / 16;
    const uint64_t q = eight_bytes<2>(b.q + n * 32 + i % 32) >> 2 * k & 0x0303030303030303;
    const uint64_t third = bit_of_each(eight_bytes<2>(b.high + i % 32), 4 * n + k) << 2;
    const int scale = (b.scales[s % 8] >> (s < 8 ? 0 : 4) & 15) | (b.scales[8 + s % 4] >> 2 * (s / 4) & 3)
                                                                      << 4;
    whole_values(q | third, 4, half_at(b.d) * static_cast<float>(scale - 32), 0, to);
}

struct ScaleAndMin {
    float scale, min;
};
/// Of sub-block j of Q4_K and Q5_K.
__device__ inline ScaleAndMin scale_and_min(const uint8_t* s, int j, float d, float dmin) {
    const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
    const int min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;
    return {d * static_cast<float>(scale), dmin * static_cast<float>(min)};
}
__device__ inline void eight(const BlockQ4K& b, int i, float (&to)[8]) {
    const int j = i / 32;
    const auto [scale, min] = scale_and_min(b.scales, j, half_at(b.d), half_at(b.dmin));
    whole_values(nibbles(eight_bytes<8>(b.q + j / 2 * 32 + i % 32), j & 1), 0, scale, min, to);
}
__device__ inline void eight(const BlockQ5K& b, int i, float (&to)[8]) {
    const int j = i / 32;
    const auto [scale, min] = scale_and_min(b.scales, j, half_at(b.d), half_at(b.dmin));
    const uint64_t fifth = bit_of_each(eight_bytes<8>(b.high + i % 32), j) << 4;
    whole_values(nibbles(eight_bytes<8>(b.q + j / 2 * 32 + i % 32), j & 1) | fifth, 0, scale, min, to);
}
__device__ inline void eight(const BlockQ6K& b, int i, float (&to)[8]) {
    const int n = i / 128, k = i / 32 % 4, l = i % 32;
    const uint64_t four = nibbles(eight_bytes<2>(b.q + 64 * n + 32 * (k & 1) + l), k >= 2);
    const uint64_t two = eight_bytes<2>(b.high + 32 * n + l) >> 2 * k & 0x0303030303030303;
    whole_values(four | two << 4, 32, half_at(b.d) * static_cast<float>(b.scales[i / 16]), 0, to);
}

/// Values c .. c + 7 of a row, c a multiple of eight.
template <DType type>
__device__ inline void eight_of_row(const char* row, int c, float (&to)[8]) {
    using Of = BlockOf<type>;
    eight(reinterpret_cast<const typename Of::Block*>(row)[c / Of::values], c % Of::values, to);
}

}  // namespace longleaf::cuda
