// Conversions, row kernels and the decode path over any vector type V. See vec_tile.h for why nothing of the
// standard library is called here.
#pragma once

#include <cstdint>

#include "cpu/half.h"
#include "cpu/kernels.h"
#include "cpu/vec_blocks.h"
#include "cpu/vec_tile.h"

namespace longleaf::cpu {

template <class V>
struct RowKernels {
    using F = typename V::F;
    static constexpr int W = V::width;

    static const char* at(const Rows& rows, int64_t r) {
        return static_cast<const char*>(rows.data) +
               static_cast<size_t>(rows.index ? rows.index[r] : r) * rows.row_bytes;
    }

    // Readers: W values of a row starting at i, and the last n < W of them (zeros beyond).
    struct ReadF32 {
        const float* p;
        explicit ReadF32(const char* row) : p(reinterpret_cast<const float*>(row)) {}
        F operator()(int64_t i) const { return V::load(p + i); }
        F part(int64_t i, int64_t n) const { return V::load_part(p + i, n); }
    };
    struct ReadF16 {
        const uint16_t* p;
        explicit ReadF16(const char* row) : p(reinterpret_cast<const uint16_t*>(row)) {}
        F operator()(int64_t i) const { return V::load_f16(p + i); }
        F part(int64_t i, int64_t n) const {
            uint16_t last[W] = {};
            for (int64_t j = 0; j < n; ++j) last[j] = p[i + j];
            return V::load_f16(last);
        }
    };
    struct ReadBf16 {
        const uint16_t* p;
        explicit ReadBf16(const char* row) : p(reinterpret_cast<const uint16_t*>(row)) {}
        F operator()(int64_t i) const { return V::load_bf16(p + i); }
        F part(int64_t i, int64_t n) const {
            uint16_t last[W] = {};
            for (int64_t j = 0; j < n; ++j) last[j] = p[i + j];
            return V::load_bf16(last);
        }
    };
    struct ReadQ8 {
        const BlockQ8_0* p;
        explicit ReadQ8(const char* row) : p(reinterpret_cast<const BlockQ8_0*>(row)) {}
        F operator()(int64_t i) const {
            const BlockQ8_0& block = p[i / 32];
            return V::mul(V::load_i8(block.q + i % 32), V::set_half(block.d));
        }
        F part(int64_t, int64_t) const { return V::zero(); }  // rows are whole blocks
    };

    template <class Read>
    static void unpack_as(const Rows& rows, int64_t count, int64_t cols, float* out, int64_t out_stride) {
        const int64_t whole = cols / W * W;
        for (int64_t r = 0; r < count; ++r, out += out_stride) {
            const Read read(at(rows, r));
            for (int64_t i = 0; i < whole; i += W) V::store(out + i, read(i));
            if (whole < cols) V::store_part(out + whole, read.part(whole, cols - whole), cols - whole);
        }
    }

    static void unpack(DType type, const Rows& rows, int64_t count, int64_t cols, float* out,
                       int64_t out_stride) {
        switch (type) {
            case DType::f32:
                return unpack_as<ReadF32>(rows, count, cols, out, out_stride);
            case DType::f16:
                return unpack_as<ReadF16>(rows, count, cols, out, out_stride);
            case DType::bf16:
                return unpack_as<ReadBf16>(rows, count, cols, out, out_stride);
            case DType::q8_0:
                return unpack_as<ReadQ8>(rows, count, cols, out, out_stride);
            default:
                Quants<V>::with_type(type, [&](auto blocks) {
                    using Type = decltype(blocks);
                    for (int64_t r = 0; r < count; ++r)
                        BlockKernels<V>::template unpack_row<Type>(at(rows, r), cols / Type::values,
                                                                   out + r * out_stride);
                });
        }
    }

    static void pack_q8_0(const float* values, BlockQ8_0* block) {
        F largest = V::zero();
        for (int i = 0; i < 32; i += W) largest = V::max(largest, V::abs(V::load(values + i)));
        const float d = V::highest(largest) / 127, inverse = d > 0 ? 1 / d : 0;
        block->d = float_to_half(d);
        for (int i = 0; i < 32; i += W) {
            const F q = V::round(V::mul(V::load(values + i), V::set(inverse)));
            V::store_i8(block->q + i, V::min(V::max(q, V::set(-127)), V::set(127)));
        }
    }

    static void pack(DType type, const float* values, int64_t n, void* out) {
        if (type == DType::q8_0) {
            for (int64_t i = 0; i < n / 32; ++i) pack_q8_0(values + i * 32, static_cast<BlockQ8_0*>(out) + i);
        } else if (type == DType::f16) {
            auto* halves = static_cast<uint16_t*>(out);
            int64_t i = 0;
            for (; i + W <= n; i += W) V::store_f16(halves + i, V::load(values + i));
            for (; i < n; ++i) halves[i] = float_to_half(values[i]);
        } else {
            auto* floats = static_cast<float*>(out);
            for (int64_t i = 0; i < n; i += W)
                Tile<V>::store_upto(floats + i, Tile<V>::load_upto(values + i, n - i), n - i);
        }
    }

    /// One vector of Q8_0 products per block: the scale is applied once, to the block's sum.
    static F dot_block(const BlockQ8_0& block, const float* x, F sum) {
        F part = V::mul(V::load_i8(block.q), V::load(x));
        LONGLEAF_UNROLL
        for (int i = W; i < 32; i += W) part = V::fma(V::load_i8(block.q + i), V::load(x + i), part);
        return V::fma(V::set_half(block.d), part, sum);
    }

    /// N rows at once: independent sums hide the latency of an FMA, and x is read once.
    template <int N>
    static void dot_q8_0(const Rows& w, int64_t r, int64_t cols, const float* x, float* sums) {
        const BlockQ8_0* row[N];
        F sum[N];
        LONGLEAF_UNROLL
        for (int i = 0; i < N; ++i)
            row[i] = reinterpret_cast<const BlockQ8_0*>(at(w, r + i)), sum[i] = V::zero();
        for (int64_t block = 0; block < cols / 32; ++block) {
            LONGLEAF_UNROLL
            for (int i = 0; i < N; ++i) sum[i] = dot_block(row[i][block], x + block * 32, sum[i]);
        }
        for (int i = 0; i < N; ++i) sums[i] = V::sum(sum[i]);
    }

    template <int N, class Read>
    static void dot_as(const Rows& w, int64_t r, int64_t cols, const float* x, float* sums) {
        const char* row[N];
        F sum[N];
        LONGLEAF_UNROLL
        for (int i = 0; i < N; ++i) row[i] = at(w, r + i), sum[i] = V::zero();
        const int64_t whole = cols / W * W;
        for (int64_t c = 0; c < whole; c += W) {
            LONGLEAF_UNROLL
            for (int i = 0; i < N; ++i) sum[i] = V::fma(Read(row[i])(c), V::load(x + c), sum[i]);
        }
        for (int i = 0; i < N; ++i) {
            if (whole < cols)
                sum[i] = V::fma(Read(row[i]).part(whole, cols - whole), V::load_part(x + whole, cols - whole),
                                sum[i]);
            sums[i] = V::sum(sum[i]);
        }
    }

    template <int N>
    static void dot_n(DType type, const Rows& w, int64_t r, int64_t cols, const float* x, float* sums) {
        switch (type) {
            case DType::f32:
                return dot_as<N, ReadF32>(w, r, cols, x, sums);
            case DType::f16:
                return dot_as<N, ReadF16>(w, r, cols, x, sums);
            case DType::bf16:
                return dot_as<N, ReadBf16>(w, r, cols, x, sums);
            case DType::q8_0:
                return dot_q8_0<N>(w, r, cols, x, sums);
            default:
                Quants<V>::with_type(type, [&](auto blocks) {
                    using Type = decltype(blocks);
                    BlockKernels<V>::template dot_rows<Type, N>(at(w, r), w.row_bytes, cols / Type::values, x,
                                                                sums);
                });
        }
    }

    static void dot_rows(DType type, const Rows& w, int64_t rows, int64_t cols, const float* x, float* out,
                         bool add) {
        constexpr int N = 4;
        float sums[N];
        for (int64_t r = 0; r < rows; r += N) {
            const int64_t count = rows - r < N ? rows - r : N;
            if (count == N)
                dot_n<N>(type, w, r, cols, x, sums);
            else
                for (int64_t i = 0; i < count; ++i) dot_n<1>(type, w, r + i, cols, x, sums + i);
            for (int64_t i = 0; i < count; ++i) out[r + i] = sums[i] + (add ? out[r + i] : 0);
        }
    }

    template <class Read>
    static void query_keys_as(const Rows& k, int64_t keys, int64_t d, const float* q, int group, float* s) {
        const int64_t whole = d / W * W;
        for (int64_t j = 0; j < keys; ++j) {
            const Read read(at(k, j));
            F sum[kMaxGroup];
            for (int h = 0; h < group; ++h) sum[h] = V::zero();
            for (int64_t i = 0; i < whole; i += W) {
                const F key = read(i);
                for (int h = 0; h < group; ++h) sum[h] = V::fma(key, V::load(q + h * d + i), sum[h]);
            }
            if (whole < d) {
                const F key = read.part(whole, d - whole);
                for (int h = 0; h < group; ++h)
                    sum[h] = V::fma(key, V::load_part(q + h * d + whole, d - whole), sum[h]);
            }
            for (int h = 0; h < group; ++h) s[h * keys + j] = V::sum(sum[h]);
        }
    }

    static void query_keys(DType type, const Rows& k, int64_t keys, int64_t d, const float* q, int group,
                           float* s) {
        switch (type) {
            case DType::f32:
                return query_keys_as<ReadF32>(k, keys, d, q, group, s);
            case DType::f16:
                return query_keys_as<ReadF16>(k, keys, d, q, group, s);
            case DType::bf16:
                return query_keys_as<ReadBf16>(k, keys, d, q, group, s);
            case DType::q8_0:
                return query_keys_as<ReadQ8>(k, keys, d, q, group, s);
            default:
                return;  // not a cache type
        }
    }

    template <class Read>
    static void weigh_values_as(const Rows& v, int64_t keys, int64_t d, const float* p, int group,
                                float* out) {
        constexpr int N = 4;  // vectors of the row held in registers per pass
        for (int h = 0; h < group; ++h) {
            for (int64_t first = 0; first < d; first += N * W) {
                F sum[N];
                for (int i = 0; i < N; ++i) sum[i] = V::zero();
                for (int64_t j = 0; j < keys; ++j) {
                    const Read read(at(v, j));
                    const F weight = V::set(p[h * keys + j]);
                    LONGLEAF_UNROLL
                    for (int i = 0; i < N; ++i) {
                        const int64_t c = first + i * W;
                        if (c + W <= d)
                            sum[i] = V::fma(weight, read(c), sum[i]);
                        else if (c < d)
                            sum[i] = V::fma(weight, read.part(c, d - c), sum[i]);
                    }
                }
                for (int i = 0; i < N; ++i)
                    if (first + i * W < d)
                        Tile<V>::store_upto(out + h * d + first + i * W, sum[i], d - first - i * W);
            }
        }
    }

    static void weigh_values(DType type, const Rows& v, int64_t keys, int64_t d, const float* p, int group,
                             float* out) {
        switch (type) {
            case DType::f32:
                return weigh_values_as<ReadF32>(v, keys, d, p, group, out);
            case DType::f16:
                return weigh_values_as<ReadF16>(v, keys, d, p, group, out);
            case DType::bf16:
                return weigh_values_as<ReadBf16>(v, keys, d, p, group, out);
            case DType::q8_0:
                return weigh_values_as<ReadQ8>(v, keys, d, p, group, out);
            default:
                return;  // not a cache type
        }
    }
};

}  // namespace longleaf::cpu
