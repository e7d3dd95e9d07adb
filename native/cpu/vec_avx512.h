// Sixteen floats with AVX-512 F, BW, DQ and VL. Included by avx512.cpp only.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace longleaf::cpu {

struct Avx512 {
    using F = __m512;
    static constexpr int width = 16;
    static constexpr int tile_rows = 8, tile_vectors = 3;  // 24 sums, 3 of b, 1 of a, of 32 registers

    static F zero() { return _mm512_setzero_ps(); }
    static F set(float v) { return _mm512_set1_ps(v); }
    static F load(const float* p) { return _mm512_loadu_ps(p); }
    static void store(float* p, F v) { _mm512_storeu_ps(p, v); }
    static F add(F a, F b) { return _mm512_add_ps(a, b); }
    static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
    static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
    static F div(F a, F b) { return _mm512_div_ps(a, b); }
    static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
    static F max(F a, F b) { return _mm512_max_ps(a, b); }
    static F min(F a, F b) { return _mm512_min_ps(a, b); }
    static F abs(F a) { return _mm512_abs_ps(a); }
    static F round(F a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
    /// p * 2^n for whole n in [-126, 127], p near 1.
    static F scale(F p, F n) { return _mm512_scalef_ps(p, n); }
    /// v where not (x < limit), else 0; NaN passes.
    static F keep_from(F v, F x, F limit) {
        return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_NLT_UQ), v);
    }

    static __mmask16 mask(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : (1u << n) - 1); }
    static F load_part(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(mask(n), p); }
    static void store_part(float* p, F v, int64_t n) { _mm512_mask_storeu_ps(p, mask(n), v); }

    static F load_f16(const uint16_t* p) {
        return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    }
    static F load_bf16(const uint16_t* p) {
        const __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
    }
    static F load_i8(const int8_t* p) {
        return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
    }
    static void store_f16(uint16_t* p, F v) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
    }
    /// Values in [-127, 127], already whole.
    static void store_i8(int8_t* p, F v) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(v)));
    }
    static F set_half(uint16_t h) { return _mm512_cvtph_ps(_mm256_set1_epi16(static_cast<short>(h))); }

    static float root(float v) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(v))); }
    static float sum(F v) {
        const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
        __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
        s = _mm_add_ps(s, _mm_movehl_ps(s, s));
        return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
    }
    static float highest(F v) {
        const __m256 half = _mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
        __m128 s = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
        s = _mm_max_ps(s, _mm_movehl_ps(s, s));
        return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
    }

    static void transpose(F r[16]) {
        F u[16];
        for (int i = 0; i < 4; ++i) {
            const F t0 = _mm512_unpacklo_ps(r[4 * i], r[4 * i + 1]),
                    t1 = _mm512_unpackhi_ps(r[4 * i], r[4 * i + 1]);
            const F t2 = _mm512_unpacklo_ps(r[4 * i + 2], r[4 * i + 3]);
            const F t3 = _mm512_unpackhi_ps(r[4 * i + 2], r[4 * i + 3]);
            u[4 * i] = _mm512_shuffle_ps(t0, t2, 0x44), u[4 * i + 1] = _mm512_shuffle_ps(t0, t2, 0xee);
            u[4 * i + 2] = _mm512_shuffle_ps(t1, t3, 0x44), u[4 * i + 3] = _mm512_shuffle_ps(t1, t3, 0xee);
        }
        // 128-bit lane q of u[4 i + j] holds column 4 q + j of rows 4 i .. 4 i + 3.
        for (int j = 0; j < 4; ++j) {
            const F even0 = _mm512_shuffle_f32x4(u[j], u[4 + j], 0x88),
                    odd0 = _mm512_shuffle_f32x4(u[j], u[4 + j], 0xdd);
            const F even1 = _mm512_shuffle_f32x4(u[8 + j], u[12 + j], 0x88);
            const F odd1 = _mm512_shuffle_f32x4(u[8 + j], u[12 + j], 0xdd);
            r[j] = _mm512_shuffle_f32x4(even0, even1, 0x88),
            r[8 + j] = _mm512_shuffle_f32x4(even0, even1, 0xdd);
            r[4 + j] = _mm512_shuffle_f32x4(odd0, odd1, 0x88),
                  r[12 + j] = _mm512_shuffle_f32x4(odd0, odd1, 0xdd);
        }
    }
};

}  // namespace longleaf::cpu
