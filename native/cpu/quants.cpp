#include "cpu/quants.h"

#include <cmath>
#include <cstring>

#include "cpu/half.h"

namespace longleaf::cpu {
namespace {

int low(uint8_t byte) { return byte & 15; }
int high(uint8_t byte) { return byte >> 4; }
float real(int value) { return static_cast<float>(value); }

/// Sixteen bytes as 32 values: low halves first.
template <class Value>
void nibbles(const uint8_t* q, float* out, Value value) {
    for (int j = 0; j < 16; ++j) {
        out[j] = value(low(q[j]), j);
        out[j + 16] = value(high(q[j]), j + 16);
    }
}

int fifth_bit(const uint8_t* bits, int j) { return (bits[j / 8] >> j % 8 & 1) << 4; }

void unpack(const BlockQ4_0& b, float* out) {
    const float d = half_to_float(b.d);
    nibbles(b.q, out, [&](int q, int) { return d * real(q - 8); });
}

void unpack(const BlockQ4_1& b, float* out) {
    const float d = half_to_float(b.d), m = half_to_float(b.m);
    nibbles(b.q, out, [&](int q, int) { return d * real(q) + m; });
}

void unpack(const BlockQ5_0& b, float* out) {
    const float d = half_to_float(b.d);
    nibbles(b.q, out, [&](int q, int j) { return d * real((q | fifth_bit(b.high, j)) - 16); });
}

void unpack(const BlockQ5_1& b, float* out) {
    const float d = half_to_float(b.d), m = half_to_float(b.m);
    nibbles(b.q, out, [&](int q, int j) { return d * real(q | fifth_bit(b.high, j)) + m; });
}

void unpack(const BlockQ8_0& b, float* out) {
    for (int j = 0; j < 32; ++j) out[j] = half_to_float(b.d) * real(b.q[j]);
}

void unpack(const BlockIq4Nl& b, float* out) {
    const float d = half_to_float(b.d);
    nibbles(b.q, out, [&](int q, int) { return d * real(iq4_values[q]); });
}

void unpack(const BlockIq4Xs& b, float* out) {
    for (int i = 0; i < 8; ++i) {
        const uint8_t pair = b.scales_low[i / 2];
        const int scale = (i % 2 ? high(pair) : low(pair)) | (b.scales_high >> 2 * i & 3) << 4;
        const float d = half_to_float(b.d) * real(scale - 32);
        nibbles(b.q + 16 * i, out + 32 * i, [&](int q, int) { return d * real(iq4_values[q]); });
    }
}

void unpack(const BlockMxfp4& b, float* out) {
    const float d = std::ldexp(1.0f, b.exponent - 128);
    nibbles(b.q, out, [&](int q, int) { return d * real(mxfp4_values[q]); });
}

void unpack(const BlockQ2K& b, float* out) {
    const float d = half_to_float(b.d), dmin = half_to_float(b.dmin);
    for (int i = 0; i < 256; ++i) {
        const int n = i / 128, k = i / 32 % 4;
        const uint8_t scale = b.scales[i / 16];
        out[i] = d * real(low(scale)) * real(b.q[32 * n + i % 32] >> 2 * k & 3) - dmin * real(high(scale));
    }
}

void unpack(const BlockQ3K& b, float* out) {
    const float d = half_to_float(b.d);
    for (int i = 0; i < 256; ++i) {
        const int n = i / 128, k = i / 32 % 4, s = i / 16;
        const uint8_t pair = b.scales[s % 8];
        const int scale = (s < 8 ? low(pair) : high(pair)) | (b.scales[8 + s % 4] >> 2 * (s / 4) & 3) << 4;
        const int third = (b.high[i % 32] >> (4 * n + k) & 1) << 2;
        out[i] = d * real(scale - 32) * real(((b.q[32 * n + i % 32] >> 2 * k & 3) | third) - 4);
    }
}

struct Scale {
    int scale, min;
};

/// Of sub-block j of Q4_K and Q5_K.
Scale scale_at(const uint8_t* s, int j) {
    if (j < 4) return {s[j] & 63, s[j + 4] & 63};
    return {low(s[j + 4]) | s[j - 4] >> 6 << 4, high(s[j + 4]) | s[j] >> 6 << 4};
}

void unpack(const BlockQ4K& b, float* out) {
    const float d = half_to_float(b.d), dmin = half_to_float(b.dmin);
    for (int i = 0; i < 256; ++i) {
        const int j = i / 32;
        const uint8_t pair = b.q[32 * (j / 2) + i % 32];
        const auto [scale, min] = scale_at(b.scales, j);
        out[i] = d * real(scale) * real(j % 2 ? high(pair) : low(pair)) - dmin * real(min);
    }
}

void unpack(const BlockQ5K& b, float* out) {
    const float d = half_to_float(b.d), dmin = half_to_float(b.dmin);
    for (int i = 0; i < 256; ++i) {
        const int j = i / 32, l = i % 32;
        const uint8_t pair = b.q[32 * (j / 2) + l];
        const int q = (j % 2 ? high(pair) : low(pair)) | (b.high[l] >> j & 1) << 4;
        const auto [scale, min] = scale_at(b.scales, j);
        out[i] = d * real(scale) * real(q) - dmin * real(min);
    }
}

void unpack(const BlockQ6K& b, float* out) {
    const float d = half_to_float(b.d);
    for (int i = 0; i < 256; ++i) {
        const int n = i / 128, k = i / 32 % 4, l = i % 32;
        const uint8_t pair = b.q[64 * n + 32 * (k & 1) + l];
        const int q = (k < 2 ? low(pair) : high(pair)) | (b.high[32 * n + l] >> 2 * k & 3) << 4;
        out[i] = d * real(b.scales[i / 16]) * real(q - 32);
    }
}

template <class Block, int values>
void unpack_all(const void* blocks, int64_t count, float* out) {
    const auto* block = static_cast<const Block*>(blocks);
    for (; count > 0; count -= values, out += values) unpack(*block++, out);
}

}  // namespace

void unpack_blocks(DType type, const void* blocks, int64_t count, float* out) {
    switch (type) {
        case DType::q4_0:
            return unpack_all<BlockQ4_0, 32>(blocks, count, out);
        case DType::q4_1:
            return unpack_all<BlockQ4_1, 32>(blocks, count, out);
        case DType::q5_0:
            return unpack_all<BlockQ5_0, 32>(blocks, count, out);
        case DType::q5_1:
            return unpack_all<BlockQ5_1, 32>(blocks, count, out);
        case DType::q8_0:
            return unpack_all<BlockQ8_0, 32>(blocks, count, out);
        case DType::q2_k:
            return unpack_all<BlockQ2K, 256>(blocks, count, out);
        case DType::q3_k:
            return unpack_all<BlockQ3K, 256>(blocks, count, out);
        case DType::q4_k:
            return unpack_all<BlockQ4K, 256>(blocks, count, out);
        case DType::q5_k:
            return unpack_all<BlockQ5K, 256>(blocks, count, out);
        case DType::q6_k:
            return unpack_all<BlockQ6K, 256>(blocks, count, out);
        case DType::iq4_nl:
            return unpack_all<BlockIq4Nl, 32>(blocks, count, out);
        case DType::iq4_xs:
            return unpack_all<BlockIq4Xs, 256>(blocks, count, out);
        case DType::mxfp4:
            return unpack_all<BlockMxfp4, 32>(blocks, count, out);
        case DType::f32:
        case DType::f16:
        case DType::bf16:
            break;  // not blocks
    }
}

}  // namespace longleaf::cpu
