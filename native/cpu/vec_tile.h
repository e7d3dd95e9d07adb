// Tile products and layout changes over any vector type V. Templates on V only, and no function of the
// standard library: nothing compiled here for one processor may be picked by the linker for another.
#pragma once

#include <cstdint>

#if defined(__clang__)
#define LONGLEAF_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define LONGLEAF_UNROLL _Pragma("GCC unroll 16")
#else
#define LONGLEAF_UNROLL
#endif

namespace longleaf::cpu {

template <class V>
struct Tile {
    using F = typename V::F;
    static constexpr int W = V::width, L = V::width * V::tile_vectors, M = V::tile_rows;

    /// c (M, N vectors) = start + a * b, sums in registers. Row i, step p of a: a[i * row + p * step].
    template <int N, bool by_row>
    static inline void micro(const float* a, int64_t lda, const float* b, int64_t k, float* c, bool add,
                             const float* scale) {
        F sum[M][N];
        LONGLEAF_UNROLL
        for (int i = 0; i < M; ++i) {
            LONGLEAF_UNROLL
            for (int j = 0; j < N; ++j) {
                if (scale)
                    sum[i][j] = V::mul(V::load(c + i * L + j * W), V::load(scale + j * W));
                else
                    sum[i][j] = add ? V::load(c + i * L + j * W) : V::zero();
            }
        }
        for (int64_t p = 0; p < k; ++p) {
            F right[N];
            LONGLEAF_UNROLL
            for (int j = 0; j < N; ++j) right[j] = V::load(b + p * L + j * W);
            LONGLEAF_UNROLL
            for (int i = 0; i < M; ++i) {
                const F left = V::set(by_row ? a[i * lda + p] : a[p * lda + i]);
                LONGLEAF_UNROLL
                for (int j = 0; j < N; ++j) sum[i][j] = V::fma(left, right[j], sum[i][j]);
            }
        }
        LONGLEAF_UNROLL
        for (int i = 0; i < M; ++i) {
            LONGLEAF_UNROLL
            for (int j = 0; j < N; ++j) V::store(c + i * L + j * W, sum[i][j]);
        }
    }

    template <int N>
    static void product_n(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c,
                          bool add) {
        for (int64_t i = 0; i < m; i += M) micro<N, true>(a + i * lda, lda, b, k, c + i * L, add, nullptr);
    }

    static void product(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c,
                        int vectors, bool add) {
        if (vectors == 3) return product_n<3>(a, lda, m, b, k, c, add);
        if (vectors == 2) return product_n<2>(a, lda, m, b, k, c, add);
        product_n<1>(a, lda, m, b, k, c, add);
    }

    template <int N>
    static void product_t_n(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c,
                            const float* scale) {
        for (int64_t i = 0; i < m; i += M) micro<N, false>(a + i, lda, b, k, c + i * L, false, scale);
    }

    static void product_t(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c,
                          int vectors, const float* scale) {
        if (vectors == 3) return product_t_n<3>(a, lda, m, b, k, c, scale);
        if (vectors == 2) return product_t_n<2>(a, lda, m, b, k, c, scale);
        product_t_n<1>(a, lda, m, b, k, c, scale);
    }

    static F load_upto(const float* p, int64_t n) { return n >= W ? V::load(p) : V::load_part(p, n); }
    static void store_upto(float* p, F v, int64_t n) {
        if (n >= W)
            V::store(p, v);
        else
            V::store_part(p, v, n);
    }

    static void to_lanes(const float* x, int64_t stride, int rows, int64_t cols, float* tile) {
        for (int first = 0; first < rows; first += W) {
            const int count = rows - first < W ? rows - first : W;
            for (int64_t c = 0; c < cols; c += W) {
                F r[W];
                for (int i = 0; i < W; ++i)
                    r[i] = i < count ? load_upto(x + (first + i) * stride + c, cols - c) : V::zero();
                V::transpose(r);
                for (int i = 0; i < W && c + i < cols; ++i) V::store(tile + (c + i) * L + first, r[i]);
            }
        }
    }

    static void from_lanes(const float* tile, int rows, int64_t cols, float* out, int64_t stride, bool add) {
        for (int first = 0; first < rows; first += W) {
            const int count = rows - first < W ? rows - first : W;
            for (int64_t c = 0; c < cols; c += W) {
                F r[W];
                for (int i = 0; i < W; ++i)
                    r[i] = c + i < cols ? V::load(tile + (c + i) * L + first) : V::zero();
                V::transpose(r);
                for (int i = 0; i < count; ++i) {
                    float* to = out + (first + i) * stride + c;
                    store_upto(to, add ? V::add(r[i], load_upto(to, cols - c)) : r[i], cols - c);
                }
            }
        }
    }
};

}  // namespace longleaf::cpu
