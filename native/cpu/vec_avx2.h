// Eight floats with AVX2, FMA and F16C. Included by avx2.cpp only.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace longleaf::cpu {

struct Avx2 {
    using F = __m256;
    static constexpr int width = 8;
    static constexpr int tile_rows = 4, tile_vectors = 3;  // 12 sums, 3 of b, 1 of a: all 16 registers

    static F zero() { return _mm256_setzero_ps(); }
    static F set(float v) { return _mm256_set1_ps(v); }
    static F load(const float* p) { return _mm256_loadu_ps(p); }
    static void store(float* p, F v) { _mm256_storeu_ps(p, v); }
    static F add(F a, F b) { return _mm256_add_ps(a, b); }
    static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
    static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
    static F div(F a, F b) { return _mm256_div_ps(a, b); }
    static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
    static F max(F a, F b) { return _mm256_max_ps(a, b); }
    static F min(F a, F b) { return _mm256_min_ps(a, b); }
    static F abs(F a) { return _mm256_andnot_ps(set(-0.0f), a); }
    static F round(F a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
    /// p * 2^n for whole n in [-126, 127], p near 1.
    static F scale(F p, F n) {
        return _mm256_castsi256_ps(
            _mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
    }
    /// v where not (x < limit), else 0; NaN passes.
    static F keep_from(F v, F x, F limit) { return _mm256_and_ps(v, _mm256_cmp_ps(x, limit, _CMP_NLT_UQ)); }

    static __m256i mask(int64_t n) {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                                  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
    static F load_part(const float* p, int64_t n) { return _mm256_maskload_ps(p, mask(n)); }
    static void store_part(float* p, F v, int64_t n) { _mm256_maskstore_ps(p, mask(n), v); }

    static F load_f16(const uint16_t* p) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    }
    static F load_bf16(const uint16_t* p) {
        const __m128i h = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
    }
    static F load_i8(const int8_t* p) {
        return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
    }
    static void store_f16(uint16_t* p, F v) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
    }
    /// Values in [-127, 127], already whole.
    static void store_i8(int8_t* p, F v) {
        const __m256i i = _mm256_cvtps_epi32(v);
        const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(words, words));
    }
    static F set_half(uint16_t h) { return _mm256_cvtph_ps(_mm_set1_epi16(static_cast<short>(h))); }

    static float root(float v) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(v))); }
    static float sum(F v) {
        __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
        s = _mm_add_ps(s, _mm_movehl_ps(s, s));
        return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
    }
    static float highest(F v) {
        __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
        s = _mm_max_ps(s, _mm_movehl_ps(s, s));
        return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
    }

    static void transpose(F r[8]) {
        F u[8];
        for (int i = 0; i < 2; ++i) {
            const F t0 = _mm256_unpacklo_ps(r[4 * i], r[4 * i + 1]),
                    t1 = _mm256_unpackhi_ps(r[4 * i], r[4 * i + 1]);
            const F t2 = _mm256_unpacklo_ps(r[4 * i + 2], r[4 * i + 3]);
            const F t3 = _mm256_unpackhi_ps(r[4 * i + 2], r[4 * i + 3]);
            u[4 * i] = _mm256_shuffle_ps(t0, t2, 0x44), u[4 * i + 1] = _mm256_shuffle_ps(t0, t2, 0xee);
            u[4 * i + 2] = _mm256_shuffle_ps(t1, t3, 0x44), u[4 * i + 3] = _mm256_shuffle_ps(t1, t3, 0xee);
        }
        for (int j = 0; j < 4; ++j) {
            r[j] = _mm256_permute2f128_ps(u[j], u[4 + j], 0x20);
            r[4 + j] = _mm256_permute2f128_ps(u[j], u[4 + j], 0x31);
        }
    }
};

}  // namespace longleaf::cpu
