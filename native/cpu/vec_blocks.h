// Unpacking and multiplying by blocks that vec_quants.h opens. See vec_tile.h for why nothing of the standard
// library is called here.
#pragma once

#include "cpu/kernels.h"
#include "cpu/vec_quants.h"
#include "cpu/vec_tile.h"

namespace longleaf::cpu {

template <class V>
struct BlockKernels {
    using F = typename V::F;
    using Q = Quants<V>;
    using Opened = typename Q::Opened;
    static constexpr int W = V::width;

    /// out = the values of `count` blocks.
    template <class Type>
    static void unpack_row(const char* row, int64_t count, float* out) {
        const auto* block = reinterpret_cast<const typename Type::Block*>(row);
        Opened o;
        for (int64_t i = 0; i < count; ++i, out += Type::values) {
            Type::open(block[i], o);
            for (int s = 0; s < Type::values / Type::sub; ++s) {
                const F scale = V::set(o.scale[s]), less = V::set(Type::based ? -o.less[s] : 0.0f);
                LONGLEAF_UNROLL
                for (int j = s * Type::sub; j < (s + 1) * Type::sub; j += W) {
                    const F q = V::load_i8(o.q + j);
                    V::store(out + j, Type::based ? V::fma(q, scale, less) : V::mul(q, scale));
                }
            }
        }
    }

    /// sum += one block of N rows, opened, times x. A sub-block's scale is applied once, to its sum.
    template <class Type, int N>
    static void dot_block(const Opened* o, const float* x, F* sum) {
        for (int s = 0; s < Type::values / Type::sub; ++s) {
            F right[Type::sub / W];
            LONGLEAF_UNROLL
            for (int j = 0; j < Type::sub / W; ++j) right[j] = V::load(x + s * Type::sub + j * W);
            F whole = right[0];
            if constexpr (Type::based) {
                LONGLEAF_UNROLL
                for (int j = 1; j < Type::sub / W; ++j) whole = V::add(whole, right[j]);
            }
            LONGLEAF_UNROLL
            for (int i = 0; i < N; ++i) {
                const int8_t* q = o[i].q + s * Type::sub;
                F part = V::mul(V::load_i8(q), right[0]);
                LONGLEAF_UNROLL
                for (int j = 1; j < Type::sub / W; ++j) part = V::fma(V::load_i8(q + j * W), right[j], part);
                sum[i] = V::fma(V::set(o[i].scale[s]), part, sum[i]);
                if constexpr (Type::based) sum[i] = V::fma(V::set(-o[i].less[s]), whole, sum[i]);
            }
        }
    }

    /// sums = N rows, `stride` bytes apart, of `count` blocks times x.
    template <class Type, int N>
    static void dot_rows(const char* row, size_t stride, int64_t count, const float* x, float* sums) {
        using Block = typename Type::Block;
        Opened o[N];
        F sum[N];
        LONGLEAF_UNROLL
        for (int i = 0; i < N; ++i) sum[i] = V::zero();
        for (int64_t b = 0; b < count; ++b, row += sizeof(Block)) {
            LONGLEAF_UNROLL
            for (int i = 0; i < N; ++i)
                Type::open(*reinterpret_cast<const Block*>(row + static_cast<size_t>(i) * stride), o[i]);
            dot_block<Type, N>(o, x + b * Type::values, sum);
        }
        for (int i = 0; i < N; ++i) sums[i] = V::sum(sum[i]);
    }
};

}  // namespace longleaf::cpu
