// GGUF tensor types, and the byte layout of the blocks this engine reads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longleaf {

enum class DType : uint32_t {  // GGUF type ids
    f32 = 0,
    f16 = 1,
    q4_0 = 2,
    q4_1 = 3,
    q5_0 = 6,
    q5_1 = 7,
    q8_0 = 8,
    q2_k = 10,
    q3_k = 11,
    q4_k = 12,
    q5_k = 13,
    q6_k = 14,
    iq4_nl = 20,
    iq4_xs = 23,
    bf16 = 30,
    mxfp4 = 39
};

// Blocks. d, m, dmin are IEEE halves; "lo" and "hi" are the low and the high four bits of a byte. In blocks
// of 32 values, value j < 16 is in lo of q[j] and value j + 16 in hi of q[j]. Blocks of 256 values ("K") have
// sub-blocks with scales of their own. Layouts: ggml, as described in its gguf.md and common header.

struct BlockQ4_0 {  // d * (q - 8)
    uint16_t d;
    uint8_t q[16];
};

struct BlockQ4_1 {  // d * q + m
    uint16_t d, m;
    uint8_t q[16];
};

struct BlockQ5_0 {  // d * (q - 16); the fifth bit of value j is bit j of `high`, little-endian
    uint16_t d;
    uint8_t high[4], q[16];
};

struct BlockQ5_1 {  // d * q + m
    uint16_t d, m;
    uint8_t high[4], q[16];
};

struct BlockQ8_0 {  // d * q
    uint16_t d;
    int8_t q[32];
};

/// 16 sub-blocks of 16: d * lo(scales[i]) * q - dmin * hi(scales[i]). Two bits at 2k of q[32n + 16h + l] are
/// value l of sub-block 8n + 2k + h.
struct BlockQ2K {
    uint8_t scales[16], q[64];
    uint16_t d, dmin;
};

/// 16 sub-blocks of 16, as in Q2_K: d * (scale - 32) * (q - 4), the third bit of q being bit 4n + k of
/// high[16h + l]. Scale i: four bits in lo or hi of scales[i % 8], two at 2 (i / 4) of scales[8 + i % 4].
struct BlockQ3K {
    uint8_t high[32], q[64], scales[12];
    uint16_t d;
};

/// 8 sub-blocks of 32: d * scale * q - dmin * min. Sub-blocks 2k and 2k + 1 are lo and hi of q[32k ..]. Scale
/// and min j, six bits each: j < 4, the low six of scales[j] and scales[j + 4]; else lo and hi of
/// scales[j + 4], with the top two of scales[j - 4] and scales[j] above them.
struct BlockQ4K {
    uint16_t d, dmin;
    uint8_t scales[12], q[128];
};

/// As Q4_K; the fifth bit of value l in sub-block j is bit j of high[l].
struct BlockQ5K {
    uint16_t d, dmin;
    uint8_t scales[12], high[32], q[128];
};

/// 16 sub-blocks of 16: d * scale * (q - 32). Of value 128n + 32k + l the low four bits are in
/// q[64n + 32 (k & 1) + l], lo for k < 2, the high two at 2k of high[32n + l].
struct BlockQ6K {
    uint8_t q[128], high[64];
    int8_t scales[16];
    uint16_t d;
};

struct BlockIq4Nl {  // d * iq4_values[q]
    uint16_t d;
    uint8_t q[16];
};

/// 8 sub-blocks of 32, each laid out as IQ4_NL: d * (scale - 32) * iq4_values[q]. Scale i: four bits in lo or
/// hi of scales_low[i / 2], two at 2i of scales_high.
struct BlockIq4Xs {
    uint16_t d, scales_high;
    uint8_t scales_low[4], q[128];
};

struct BlockMxfp4 {  // 2^(exponent - 128) * mxfp4_values[q]
    uint8_t exponent, q[16];
};

static_assert(sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20 && sizeof(BlockQ5_0) == 22);
static_assert(sizeof(BlockQ5_1) == 24 && sizeof(BlockQ8_0) == 34 && sizeof(BlockQ2K) == 84);
static_assert(sizeof(BlockQ3K) == 110 && sizeof(BlockQ4K) == 144 && sizeof(BlockQ5K) == 176);
static_assert(sizeof(BlockQ6K) == 210 && sizeof(BlockIq4Nl) == 18 && sizeof(BlockIq4Xs) == 136);
static_assert(sizeof(BlockMxfp4) == 17);

inline constexpr int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};
/// Twice what E2M1 stands for.
inline constexpr int8_t mxfp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

struct DTypeTraits {
    const char* name;
    size_t block_values, block_bytes;  // both 0: defined by the format, layout unknown to this engine
};

/// nullptr when `id` is not a type this engine reads.
const DTypeTraits* dtype_traits(uint32_t id);
/// "F32, F16, Q4_0, ...": for messages.
const char* dtype_names();
/// nullptr when `id` is not a type the format defines (or one it has removed).
const DTypeTraits* gguf_type(uint32_t id);
/// "IQ3_S" for ids the engine does not read but the format defines; "type 77" otherwise (valid until the
/// same thread asks for another unknown id).
const char* gguf_type_name(uint32_t id);

inline size_t row_bytes(DType type, size_t cols) {
    const auto* t = dtype_traits(static_cast<uint32_t>(type));
    return cols / t->block_values * t->block_bytes;
}

}  // namespace longleaf
