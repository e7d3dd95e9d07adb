// Every op as its definition reads, over any real type: double is the oracle, float is the naive
// implementation of the same precision that the kernels must not be much worse than.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace reference {

/// Row-major (rows, cols).
template <class Real>
struct Grid {
    int64_t rows, cols;
    std::vector<Real> at_;
    Grid(int64_t r, int64_t c) : rows(r), cols(c), at_(static_cast<size_t>(r * c)) {}
    template <class Other>
    explicit Grid(const Grid<Other>& other) : Grid(other.rows, other.cols) {
        for (size_t i = 0; i < at_.size(); ++i) at_[i] = static_cast<Real>(other.at_[i]);
    }
    Real& operator()(int64_t r, int64_t c) { return at_[static_cast<size_t>(r * cols + c)]; }
    const Real& operator()(int64_t r, int64_t c) const { return at_[static_cast<size_t>(r * cols + c)]; }
};

template <class Real>
Grid<Real> matmul(const Grid<Real>& x, const Grid<Real>& w) {
    Grid<Real> out(x.rows, w.rows);
    for (int64_t t = 0; t < x.rows; ++t)
        for (int64_t n = 0; n < w.rows; ++n)
            for (int64_t k = 0; k < x.cols; ++k) out(t, n) += x(t, k) * w(n, k);
    return out;
}

/// As tensor cores have it, naively: sixteen products at a time are added to an f32 sum, which is cut off,
/// not rounded.
inline Grid<float> matmul_cut_off(const Grid<float>& x, const Grid<float>& w) {
    Grid<float> out(x.rows, w.rows);
    for (int64_t t = 0; t < x.rows; ++t)
        for (int64_t n = 0; n < w.rows; ++n) {
            float& sum = out(t, n);
            for (int64_t k = 0; k < x.cols; k += 16) {
                double whole = sum;
                for (int64_t i = k; i < std::min(k + 16, x.cols); ++i)
                    whole += static_cast<double>(x(t, i)) * static_cast<double>(w(n, i));
                sum = static_cast<float>(whole);
                if (std::abs(static_cast<double>(sum)) > std::abs(whole)) sum = std::nextafter(sum, 0.0f);
            }
        }
    return out;
}

template <class Real>
Grid<Real> rmsnorm(const Grid<Real>& x, const Grid<Real>& weight, Real eps) {
    Grid<Real> out(x.rows, x.cols);
    for (int64_t t = 0; t < x.rows; ++t) {
        Real squares = 0;
        for (int64_t c = 0; c < x.cols; ++c) squares += x(t, c) * x(t, c);
        for (int64_t c = 0; c < x.cols; ++c)
            out(t, c) = x(t, c) / std::sqrt(squares / static_cast<Real>(x.cols) + eps) * weight(0, c);
    }
    return out;
}

template <class Real>
Grid<Real> rope(const Grid<Real>& x, const std::vector<float>& inv_freq, bool neox, int64_t start) {
    Grid<Real> out(x.rows, x.cols);
    const auto half = static_cast<int64_t>(inv_freq.size());
    for (int64_t t = 0; t < x.rows; ++t)
        for (int64_t head = 0; head < x.cols; head += 2 * half)
            for (int64_t i = 0; i < half; ++i) {
                const int64_t a = head + (neox ? i : 2 * i), b = head + (neox ? half + i : 2 * i + 1);
                // The angle itself stays double: at 128K positions a float angle is off by 4e-3.
                const double angle = static_cast<double>(start + t) * inv_freq[static_cast<size_t>(i)];
                const auto c = static_cast<Real>(std::cos(angle)), s = static_cast<Real>(std::sin(angle));
                out(t, a) = x(t, a) * c - x(t, b) * s;
                out(t, b) = x(t, a) * s + x(t, b) * c;
            }
    return out;
}

template <class Real>
Grid<Real> swiglu(const Grid<Real>& gate, const Grid<Real>& up) {
    Grid<Real> out(gate.rows, gate.cols);
    for (size_t i = 0; i < out.at_.size(); ++i)
        out.at_[i] = gate.at_[i] / (1 + std::exp(-gate.at_[i])) * up.at_[i];
    return out;
}

/// K and V of one layer, (S, G * D) each.
template <class Real>
struct Cache {
    Grid<Real> k, v;
    int64_t d;
};

/// What an implementation rounds its operands to; null for none.
template <class Real>
using Round = Real (*)(Real);

/// Probabilities of one query (D at q) over the listed keys of kv head g.
template <class Real>
std::vector<Real> probabilities(const Real* q, const Cache<Real>& kv, int64_t g,
                                const std::vector<int64_t>& keys, Round<Real> round = nullptr) {
    std::vector<Real> p;
    for (const int64_t j : keys) {
        Real dot = 0;
        for (int64_t c = 0; c < kv.d; ++c) dot += q[c] * kv.k(j, g * kv.d + c);
        p.push_back(dot / std::sqrt(static_cast<Real>(kv.d)));
    }
    const Real peak = *std::max_element(p.begin(), p.end());
    Real total = 0;
    for (Real& x : p) total += x = std::exp(x - peak);
    for (Real& x : p) x = (round ? round(x) : x) / total;
    return p;
}

/// One row of attention over the listed keys, written to out (D).
template <class Real>
void attend_row(const Real* q, const Cache<Real>& kv, int64_t g, const std::vector<int64_t>& keys, Real* out,
                Round<Real> round = nullptr) {
    const auto p = probabilities(q, kv, g, keys, round);
    for (int64_t c = 0; c < kv.d; ++c) {
        out[c] = 0;
        for (size_t i = 0; i < keys.size(); ++i) out[c] += p[i] * kv.v(keys[i], g * kv.d + c);
    }
}

/// Dense causal attention of q (T, H * D) at positions start + t.
template <class Real>
Grid<Real> attend(const Grid<Real>& q, const Cache<Real>& kv, int64_t start, Round<Real> round = nullptr) {
    Grid<Real> out(q.rows, q.cols);
    const int64_t heads = q.cols / kv.d, group = heads / (kv.k.cols / kv.d);
    for (int64_t t = 0; t < q.rows; ++t) {
        std::vector<int64_t> keys(static_cast<size_t>(start + t + 1));
        std::iota(keys.begin(), keys.end(), 0);
        for (int64_t h = 0; h < heads; ++h)
            attend_row(&q(t, h * kv.d), kv, h / group, keys, &out(t, h * kv.d), round);
    }
    return out;
}

/// What differs from Dynamic Token Coverage per head.
struct Variant {
    double keep = 0;  // share of the prefix, instead of tau
    int64_t sinks = 0;
    bool per_group = false;
};

/// Token Sparse Attention, steps 3 to 8: per head the positions it keeps, ascending; empty when the layer is
/// dense. q (S, H * D) holds every query. `light` is the number of tokens the coverage would drop.
struct Kept {
    std::vector<std::vector<int64_t>> heads;
    int64_t light = 0;
    std::vector<std::vector<double>> pooled;  // (H, S - W)
};

inline Kept select(const Grid<double>& q, const Cache<double>& kv, double tau, int64_t window,
                   int64_t min_tokens, int64_t pool, const Variant& variant = {}) {
    const int64_t length = q.rows, prefix = length - window, d = kv.d;
    const int64_t heads = q.cols / d, group = heads / (kv.k.cols / d);
    Kept kept;
    if ((tau <= 0 && variant.keep <= 0) || length <= min_tokens + window) return kept;
    std::vector<double> layer(static_cast<size_t>(prefix));
    for (int64_t h = 0; h < heads; ++h) {
        std::vector<double> score(static_cast<size_t>(prefix)), pooled(static_cast<size_t>(prefix));
        for (int64_t t = prefix; t < length; ++t) {
            std::vector<int64_t> keys(static_cast<size_t>(t + 1));
            std::iota(keys.begin(), keys.end(), 0);
            const auto p = probabilities(&q(t, h * d), kv, h / group, keys);
            for (size_t i = 0; i < score.size(); ++i) score[i] += p[i] / static_cast<double>(window);
        }
        for (int64_t i = 0; i < prefix; ++i) {
            for (int64_t j = i - pool / 2; j <= i + pool / 2; ++j)
                if (j >= 0 && j < prefix)
                    pooled[static_cast<size_t>(i)] +=
                        score[static_cast<size_t>(j)] / static_cast<double>(pool);
            layer[static_cast<size_t>(i)] += pooled[static_cast<size_t>(i)] / static_cast<double>(heads);
        }
        kept.pooled.push_back(pooled);
    }
    const double total = std::accumulate(layer.begin(), layer.end(), 0.0);
    std::sort(layer.begin(), layer.end());
    double sum = 0;
    for (const double mass : layer) {
        sum += mass / total;
        if (sum < tau) ++kept.light;
    }
    int64_t keep = prefix - (kept.light + 1);
    if (variant.keep > 0)
        keep = static_cast<int64_t>(variant.keep * static_cast<double>(prefix)) + 1;
    else if (kept.light == 0)
        return kept;
    keep = std::max({min_tokens, variant.sinks, keep});
    if (keep >= prefix) return kept;
    for (int64_t h = 0; h < heads; ++h) {
        auto pooled = kept.pooled[static_cast<size_t>(h)];
        for (int64_t other = h / group * group; variant.per_group && other < (h / group + 1) * group; ++other)
            for (size_t i = 0; other != h && i < pooled.size(); ++i)
                pooled[i] += kept.pooled[static_cast<size_t>(other)][i];
        for (int64_t i = 0; i < variant.sinks; ++i) pooled[static_cast<size_t>(i)] = INFINITY;
        std::vector<int64_t> order(pooled.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
            return pooled[static_cast<size_t>(a)] > pooled[static_cast<size_t>(b)];
        });
        order.resize(static_cast<size_t>(keep));
        for (int64_t t = prefix; t < length; ++t) order.push_back(t);
        std::sort(order.begin(), order.end());
        kept.heads.push_back(order);
    }
    return kept;
}

/// Every row attends to what its head keeps up to the row itself; to nothing: 0.
template <class Real>
Grid<Real> attend_kept_keys(const Grid<Real>& q, const Cache<Real>& kv,
                            const std::vector<std::vector<int64_t>>& kept) {
    Grid<Real> out(q.rows, q.cols);
    const int64_t heads = q.cols / kv.d, group = heads / (kv.k.cols / kv.d);
    for (int64_t h = 0; h < heads; ++h)
        for (int64_t t = 0; t < q.rows; ++t) {
            std::vector<int64_t> seen;
            for (const int64_t j : kept[static_cast<size_t>(h)])
                if (j <= t) seen.push_back(j);
            if (!seen.empty()) attend_row(&q(t, h * kv.d), kv, h / group, seen, &out(t, h * kv.d));
        }
    return out;
}

/// Steps 9 to 11: each head attends among what it keeps; its other rows are 0.
template <class Real>
Grid<Real> attend_selected(const Grid<Real>& q, const Cache<Real>& kv,
                           const std::vector<std::vector<int64_t>>& kept, Round<Real> round = nullptr) {
    Grid<Real> out(q.rows, q.cols);
    const int64_t heads = q.cols / kv.d, group = heads / (kv.k.cols / kv.d);
    for (int64_t h = 0; h < heads; ++h) {
        std::vector<int64_t> seen;
        for (const int64_t t : kept[static_cast<size_t>(h)]) {
            seen.push_back(t);
            attend_row(&q(t, h * kv.d), kv, h / group, seen, &out(t, h * kv.d), round);
        }
    }
    return out;
}

}  // namespace reference
