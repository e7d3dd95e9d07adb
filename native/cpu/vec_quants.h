// Quantised blocks for any vector type V: each is opened to whole numbers and what to multiply and add, so
// that what follows is the same for all types. Layouts are in ops/quant.h. See vec_tile.h for why nothing of
// the standard library is called here.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "cpu/half.h"
#include "ops/quant.h"

namespace longleaf::cpu {

template <class V>
struct Quants {
    /// Value i = q[i] * scale[i / sub] - less[i / sub].
    struct Opened {
        alignas(64) int8_t q[256];
        float scale[16], less[16];
    };

    static __m128i load16(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
    static __m256i load32(const uint8_t* p) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    }
    static void store32(int8_t* p, __m256i v) { _mm256_store_si256(reinterpret_cast<__m256i*>(p), v); }
    static __m256i bytes(int value) { return _mm256_set1_epi8(static_cast<char>(value)); }
    static __m256i low(__m256i v) { return _mm256_and_si256(v, bytes(15)); }
    static __m256i high(__m256i v) { return low(_mm256_srli_epi16(v, 4)); }
    /// Sixteen bytes as 32 values: low halves first.
    static __m256i nibbles(const uint8_t* p) {
        const __m128i q = load16(p);
        return low(_mm256_set_m128i(_mm_srli_epi16(q, 4), q));
    }
    /// `value` in the bytes whose bit of four is set, else 0.
    static __m256i spread_bits(const uint8_t* four, int value) {
        uint32_t bits = 0;
        for (int i = 0; i < 4; ++i) bits |= static_cast<uint32_t>(four[i]) << 8 * i;
        const __m256i from = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                              2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
        const __m256i each = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ull));
        const __m256i in_byte =
            _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), from), each);
        return _mm256_and_si256(_mm256_cmpeq_epi8(in_byte, each), bytes(value));
    }
    /// `value` where `mask` has a bit in the byte, else 0.
    static __m256i where_bit(__m256i v, int mask, int value) {
        return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(v, bytes(mask)), bytes(mask)),
                                bytes(value));
    }
    static __m256i look_up(const int8_t* table, __m256i index) {
        const __m128i t = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
        return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(t), index);
    }
    static float half(uint16_t h) { return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(h))); }
    static float real(int value) { return static_cast<float>(value); }
    static uint32_t word(const uint8_t* p) {
        uint32_t w;
        __builtin_memcpy(&w, p, 4);
        return w;
    }
    static __m128i words(uint32_t a, uint32_t b, uint32_t c = 0, uint32_t d = 0) {
        return _mm_setr_epi32(static_cast<int>(a), static_cast<int>(b), static_cast<int>(c),
                              static_cast<int>(d));
    }
    /// out[0..8) = d * the first eight of `bytes`, which are signed.
    static void steps8(__m128i bytes, float d, float* out) {
        const __m256 wide = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
        _mm256_storeu_ps(out, _mm256_mul_ps(wide, _mm256_set1_ps(d)));
    }
    static void steps16(__m128i bytes, float d, float* out) {
        steps8(bytes, d, out), steps8(_mm_srli_si128(bytes, 8), d, out + 8);
    }

    struct Q4_0 {
        using Block = BlockQ4_0;
        static constexpr int values = 32, sub = 32;
        static constexpr bool based = false;
        static void open(const Block& b, Opened& o) {
            store32(o.q, _mm256_sub_epi8(nibbles(b.q), bytes(8)));
            o.scale[0] = half(b.d);
        }
    };
    struct Q4_1 {
        using Block = BlockQ4_1;
        static constexpr int values = 32, sub = 32;
        static constexpr bool based = true;
        static void open(const Block& b, Opened& o) {
            store32(o.q, nibbles(b.q));
            o.scale[0] = half(b.d), o.less[0] = -half(b.m);
        }
    };
    struct Q5_0 {
        using Block = BlockQ5_0;
        static constexpr int values = 32, sub = 32;
        static constexpr bool based = false;
        static void open(const Block& b, Opened& o) {
            const __m256i q = _mm256_or_si256(nibbles(b.q), spread_bits(b.high, 16));
            store32(o.q, _mm256_sub_epi8(q, bytes(16)));
            o.scale[0] = half(b.d);
        }
    };
    struct Q5_1 {
        using Block = BlockQ5_1;
        static constexpr int values = 32, sub = 32;
        static constexpr bool based = true;
        static void open(const Block& b, Opened& o) {
            store32(o.q, _mm256_or_si256(nibbles(b.q), spread_bits(b.high, 16)));
            o.scale[0] = half(b.d), o.less[0] = -half(b.m);
        }
    };
    struct Iq4Nl {
        using Block = BlockIq4Nl;
        static constexpr int values = 32, sub = 32;
        static constexpr bool based = false;
        static void open(const Block& b, Opened& o) {
            store32(o.q, look_up(iq4_values, nibbles(b.q)));
            o.scale[0] = half(b.d);
        }
    };
    struct Mxfp4 {
        using Block = BlockMxfp4;
        static constexpr int values = 32, sub = 32;
        static constexpr bool based = false;
        static void open(const Block& b, Opened& o) {
            store32(o.q, look_up(mxfp4_values, nibbles(b.q)));
            const uint32_t e = b.exponent;  // 2^(e - 128): below 2^-126 a float has no exponent of its own
            o.scale[0] = float_of_bits(e < 2 ? 0x200000u << e : (e - 1) << 23);
        }
    };
    struct Iq4Xs {
        using Block = BlockIq4Xs;
        static constexpr int values = 256, sub = 32;
        static constexpr bool based = false;
        static void open(const Block& b, Opened& o) {
            const float d = half(b.d);
            for (int i = 0; i < 8; ++i) {
                const int scale = (b.scales_low[i / 2] >> 4 * (i & 1) & 15) | (b.scales_high >> 2 * i & 3)
                                                                                  << 4;
                store32(o.q + 32 * i, look_up(iq4_values, nibbles(b.q + 16 * i)));
                o.scale[i] = d * real(scale - 32);
            }
        }
    };
    struct Q2K {
        using Block = BlockQ2K;
        static constexpr int values = 256, sub = 16;
        static constexpr bool based = true;
        static void open(const Block& b, Opened& o) {
            for (int n = 0; n < 2; ++n) {
                __m256i q = load32(b.q + 32 * n);
                for (int k = 0; k < 4; ++k, q = _mm256_srli_epi16(q, 2))
                    store32(o.q + 128 * n + 32 * k, _mm256_and_si256(q, bytes(3)));
            }
            const __m128i both = load16(b.scales), four = _mm_set1_epi8(15);
            steps16(_mm_and_si128(both, four), half(b.d), o.scale);
            steps16(_mm_and_si128(_mm_srli_epi16(both, 4), four), half(b.dmin), o.less);
        }
    };
    struct Q3K {
        using Block = BlockQ3K;
        static constexpr int values = 256, sub = 16;
        static constexpr bool based = false;
        static void open(const Block& b, Opened& o) {
            const __m256i third = load32(b.high);
            for (int n = 0; n < 2; ++n) {
                __m256i q = load32(b.q + 32 * n);
                for (int k = 0; k < 4; ++k, q = _mm256_srli_epi16(q, 2)) {
                    const __m256i four = where_bit(third, 1 << (4 * n + k), 4);
                    const __m256i whole = _mm256_or_si256(_mm256_and_si256(q, bytes(3)), four);
                    store32(o.q + 128 * n + 32 * k, _mm256_sub_epi8(whole, bytes(4)));
                }
            }
            // Four bits of sixteen, low halves first, and two more of each, which lie four to a word.
            const uint32_t a = word(b.scales), c = word(b.scales + 4), top = word(b.scales + 8);
            const auto step = [&](uint32_t four, int k) {
                return (four & 0x0f0f0f0f) | (top >> 2 * k & 0x03030303) << 4;
            };
            const __m128i all = words(step(a, 0), step(c, 1), step(a >> 4, 2), step(c >> 4, 3));
            steps16(_mm_sub_epi8(all, _mm_set1_epi8(32)), half(b.d), o.scale);
        }
    };

    static void open_scales(const uint8_t* s, uint16_t d_half, uint16_t dmin_half, Opened& o) {
        const uint32_t a = word(s), b = word(s + 4), c = word(s + 8);
        const uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x03030303;
        steps8(words(a & six, (c & four) | (a >> 6 & two) << 4), half(d_half), o.scale);
        steps8(words(b & six, (c >> 4 & four) | (b >> 6 & two) << 4), half(dmin_half), o.less);
    }
    struct Q4K {
        using Block = BlockQ4K;
        static constexpr int values = 256, sub = 32;
        static constexpr bool based = true;
        static void open(const Block& b, Opened& o) {
            for (int k = 0; k < 4; ++k) {
                const __m256i q = load32(b.q + 32 * k);
                store32(o.q + 64 * k, low(q)), store32(o.q + 64 * k + 32, high(q));
            }
            open_scales(b.scales, b.d, b.dmin, o);
        }
    };
    struct Q5K {
        using Block = BlockQ5K;
        static constexpr int values = 256, sub = 32;
        static constexpr bool based = true;
        static void open(const Block& b, Opened& o) {
            const __m256i fifth = load32(b.high);
            for (int k = 0; k < 4; ++k) {
                const __m256i q = load32(b.q + 32 * k);
                store32(o.q + 64 * k, _mm256_or_si256(low(q), where_bit(fifth, 1 << 2 * k, 16)));
                store32(o.q + 64 * k + 32, _mm256_or_si256(high(q), where_bit(fifth, 2 << 2 * k, 16)));
            }
            open_scales(b.scales, b.d, b.dmin, o);
        }
    };
    struct Q6K {
        using Block = BlockQ6K;
        static constexpr int values = 256, sub = 16;
        static constexpr bool based = false;
        static void open(const Block& b, Opened& o) {
            for (int n = 0; n < 2; ++n) {
                const __m256i a = load32(b.q + 64 * n), c = load32(b.q + 64 * n + 32);
                const __m256i top = load32(b.high + 32 * n);
                const auto put = [&](int k, __m256i four, __m256i two_at_4) {
                    const __m256i q = _mm256_or_si256(four, _mm256_and_si256(two_at_4, bytes(48)));
                    store32(o.q + 128 * n + 32 * k, _mm256_sub_epi8(q, bytes(32)));
                };
                put(0, low(a), _mm256_slli_epi16(top, 4)), put(1, low(c), _mm256_slli_epi16(top, 2));
                put(2, high(a), top), put(3, high(c), _mm256_srli_epi16(top, 2));
            }
            steps16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b.scales)), half(b.d), o.scale);
        }
    };

    /// Calls use(Q4K{}) for a block type other than Q8_0.
    template <class Use>
    static void with_type(DType type, Use&& use) {
        switch (type) {
            case DType::q4_0:
                return use(Q4_0{});
            case DType::q4_1:
                return use(Q4_1{});
            case DType::q5_0:
                return use(Q5_0{});
            case DType::q5_1:
                return use(Q5_1{});
            case DType::q2_k:
                return use(Q2K{});
            case DType::q3_k:
                return use(Q3K{});
            case DType::q4_k:
                return use(Q4K{});
            case DType::q5_k:
                return use(Q5K{});
            case DType::q6_k:
                return use(Q6K{});
            case DType::iq4_nl:
                return use(Iq4Nl{});
            case DType::iq4_xs:
                return use(Iq4Xs{});
            case DType::mxfp4:
                return use(Mxfp4{});
            default:
                return;
        }
    }
};

}  // namespace longleaf::cpu
