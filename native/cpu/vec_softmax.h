// Exponentials and what is built on them, over any vector type V. See vec_tile.h for why nothing of the
// standard library is called here.
#pragma once

#include <cstdint>

#include "cpu/half.h"
#include "cpu/vec_tile.h"

namespace longleaf::cpu {

template <class V>
struct Softmax {
    using F = typename V::F;
    static constexpr int W = V::width, L = V::width * V::tile_vectors;

    /// 2^x for x in [-126, 127] after clamping; polynomial of degree 6 on [-1/2, 1/2], least-squares fit of
    /// the relative error reweighted to minimax: 1.9e-9, below the rounding of the additions (about 1 ulp).
    static F exp2_clamped(F x) {
        const F n = V::round(x), r = V::sub(x, n);
        F p = V::fma(V::set(1.53458097e-4f), r, V::set(1.33999315e-3f));
        p = V::fma(p, r, V::set(9.61848897e-3f));
        p = V::fma(p, r, V::set(5.55032878e-2f));
        p = V::fma(p, r, V::set(2.40226469e-1f));
        p = V::fma(p, r, V::set(6.93147206e-1f));
        p = V::fma(p, r, V::set(1.0f));
        return V::scale(p, n);
    }

    /// 2^x for x <= 0; exactly 1 at 0 and exactly 0 below -126, so masked keys leave no trace. NaN stays NaN.
    static F exp2_down(F x) {
        const F low = V::set(-126);
        return V::keep_from(exp2_clamped(V::max(low, x)), x, low);
    }

    static void softmax(float* s, int64_t keys, int vectors, float* peak, float* sum, float* shrink) {
        for (int l = 0; l < vectors * W; l += W) {
            const F old = V::load(peak + l);
            F top = old, total = V::zero();
            for (int64_t j = 0; j < keys; ++j) top = V::max(top, V::load(s + j * L + l));
            for (int64_t j = 0; j < keys; ++j) {
                const F p = exp2_down(V::sub(V::load(s + j * L + l), top));
                V::store(s + j * L + l, p);
                total = V::add(total, p);
            }
            const F factor = exp2_down(V::sub(old, top));
            V::store(shrink + l, factor);
            V::store(sum + l, V::fma(V::load(sum + l), factor, total));
            V::store(peak + l, top);
        }
    }

    static void softmax_sum(const float* s, int64_t keys, int vectors, float* peak, float* sum) {
        for (int l = 0; l < vectors * W; l += W) {
            const F old = V::load(peak + l);
            F top = old, total = V::zero();
            for (int64_t j = 0; j < keys; ++j) top = V::max(top, V::load(s + j * L + l));
            for (int64_t j = 0; j < keys; ++j)
                total = V::add(total, exp2_down(V::sub(V::load(s + j * L + l), top)));
            V::store(sum + l, V::fma(V::load(sum + l), exp2_down(V::sub(old, top)), total));
            V::store(peak + l, top);
        }
    }

    static void softmax_mass(const float* s, int64_t keys, int vectors, const float* peak,
                             const float* weight, float* out) {
        for (int64_t j = 0; j < keys; ++j) {
            F mass = V::zero();
            for (int l = 0; l < vectors * W; l += W) {
                const F p = exp2_down(V::sub(V::load(s + j * L + l), V::load(peak + l)));
                mass = V::fma(p, V::load(weight + l), mass);
            }
            out[j] += V::sum(mass);
        }
    }

    static void softmax_row(float* s, int64_t n, float* peak, float* sum) {
        const F lowest = V::set(float_of_bits(0xff800000));
        const int64_t whole = n / W * W;
        F top = lowest, total = V::zero();
        for (int64_t i = 0; i < whole; i += W) top = V::max(top, V::load(s + i));
        float highest = V::highest(top);
        for (int64_t i = whole; i < n; ++i) highest = s[i] > highest ? s[i] : highest;
        top = V::set(highest);
        for (int64_t i = 0; i < n; i += W) {
            const F p = exp2_down(V::sub(Tile<V>::load_upto(s + i, n - i), top));
            Tile<V>::store_upto(s + i, p, n - i);
            total = V::add(total, n - i >= W ? p : Tile<V>::load_upto(s + i, n - i));
        }
        *peak = highest, *sum = V::sum(total);
    }

    static void rmsnorm(const float* x, const float* weight, int64_t n, float eps, float* out) {
        F squares[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
        for (int64_t i = 0; i < n; i += W) {
            const F v = Tile<V>::load_upto(x + i, n - i);
            F& sum = squares[i / W % 4];
            sum = V::fma(v, v, sum);
        }
        const float total = V::sum(V::add(V::add(squares[0], squares[1]), V::add(squares[2], squares[3])));
        const F scale = V::set(1 / V::root(total / static_cast<float>(n) + eps));
        for (int64_t i = 0; i < n; i += W) {
            const F v = V::mul(V::mul(Tile<V>::load_upto(x + i, n - i), scale),
                               Tile<V>::load_upto(weight + i, n - i));
            Tile<V>::store_upto(out + i, v, n - i);
        }
    }

    /// 2^x where that is a float, else the nearest power that is.
    static F exp2_bounded(F x) { return exp2_clamped(V::min(V::max(V::set(-126), x), V::set(127))); }

    /// g / (1 + 2^x)
    static F gated(F g, F x) { return V::div(g, V::add(V::set(1), exp2_bounded(x))); }

    static void swiglu(float* gate, const float* up, int64_t n) {
        for (int64_t i = 0; i < n; i += W) {
            const F g = Tile<V>::load_upto(gate + i, n - i), u = Tile<V>::load_upto(up + i, n - i);
            Tile<V>::store_upto(gate + i, V::mul(gated(g, V::mul(g, V::set(-1.44269504f))), u), n - i);
        }
    }

    static void geglu(float* gate, const float* up, int64_t n) {
        for (int64_t i = 0; i < n; i += W) {
            const F g = Tile<V>::load_upto(gate + i, n - i), u = Tile<V>::load_upto(up + i, n - i);
            const F bent = V::mul(g, V::fma(V::mul(g, g), V::set(0.044715f), V::set(1)));
            const F x = V::mul(bent, V::set(-2.30220820f));  // -2 sqrt(2 / pi) / ln 2
            Tile<V>::store_upto(gate + i, V::mul(gated(g, x), u), n - i);
        }
    }

    static void soften(float* s, int64_t n, float cap) {
        const F scale = V::set(2.88539008f / cap), most = V::set(cap);  // 2 / ln 2
        for (int64_t i = 0; i < n; i += W) {
            const F e = exp2_bounded(V::mul(Tile<V>::load_upto(s + i, n - i), scale));
            const F tanh = V::div(V::sub(e, V::set(1)), V::add(e, V::set(1)));
            Tile<V>::store_upto(s + i, V::mul(most, tanh), n - i);
        }
    }
};

}  // namespace longleaf::cpu
