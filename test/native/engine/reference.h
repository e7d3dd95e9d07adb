// The model in double precision, transcribed from its definition: a Llama block, and Token Sparse Attention
// as the fact sheet states it (§1.1). Slow on purpose; shares nothing with the engine.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine.h"
#include "engine/tiny_model.h"

namespace reference {

using Rows = std::vector<std::vector<double>>;

inline Rows project(const Rows& x, const std::vector<float>& w, int outputs) {
    Rows y(x.size(), std::vector<double>(outputs));
    const size_t inputs = x[0].size();
    for (size_t t = 0; t < x.size(); ++t)
        for (int o = 0; o < outputs; ++o)
            for (size_t i = 0; i < inputs; ++i) y[t][o] += w[o * inputs + i] * x[t][i];
    return y;
}

inline Rows norm(const Rows& x, const std::vector<float>& weight) {
    Rows y = x;
    for (auto& row : y) {
        double sum = 0;
        for (const double v : row) sum += v * v;
        const double scale = 1 / std::sqrt(sum / row.size() + 1e-5f);
        for (size_t i = 0; i < row.size(); ++i) row[i] *= scale * weight[i];
    }
    return y;
}

inline void rope(Rows& x, int head_dim, double base) {  // pairs (2i, 2i + 1)
    for (size_t t = 0; t < x.size(); ++t)
        for (size_t at = 0; at < x[t].size(); at += 2) {
            const double angle = t * std::pow(base, -static_cast<double>(at % head_dim) / head_dim);
            const double a = x[t][at], b = x[t][at + 1];
            x[t][at] = a * std::cos(angle) - b * std::sin(angle);
            x[t][at + 1] = a * std::sin(angle) + b * std::cos(angle);
        }
}

struct Head {
    const Rows &q, &k, &v;
    size_t q_at, kv_at, dim;
    double score(size_t query, size_t key) const {
        double dot = 0;
        for (size_t i = 0; i < dim; ++i) dot += q[query][q_at + i] * k[key][kv_at + i];
        return dot / std::sqrt(static_cast<double>(dim));
    }
    /// Softmax weights of `query` over keys[0 .. n - 1].
    std::vector<double> weights(size_t query, const std::vector<int>& keys, size_t n) const {
        std::vector<double> w(n);
        double most = -1e300, sum = 0;
        for (size_t j = 0; j < n; ++j) most = std::max(most, w[j] = score(query, keys[j]));
        for (auto& x : w) sum += x = std::exp(x - most);
        for (auto& x : w) x /= sum;
        return w;
    }
};

/// Steps 3 to 8: per head, the positions kept, ascending. Empty: the layer runs dense.
inline std::vector<std::vector<int>> select(const std::vector<Head>& heads, int length,
                                            const longleaf::Sparsity& s) {
    const int prefix = length - s.window;
    std::vector<int> all(length);
    std::iota(all.begin(), all.end(), 0);
    std::vector<std::vector<double>> pooled;
    std::vector<double> layer(prefix);
    for (const Head& head : heads) {
        std::vector<double> mean(prefix), smooth(prefix);
        for (int query = prefix; query < length; ++query) {
            const auto w = head.weights(query, all, query + 1);
            for (int j = 0; j < prefix; ++j) mean[j] += w[j] / s.window;
        }
        for (int j = 0; j < prefix; ++j)
            for (int d = -(s.pool / 2); d <= s.pool / 2; ++d)
                if (j + d >= 0 && j + d < prefix) smooth[j] += mean[j + d] / s.pool;
        for (int j = 0; j < prefix; ++j) layer[j] += smooth[j] / heads.size();
        pooled.push_back(smooth);
    }
    const double total = std::accumulate(layer.begin(), layer.end(), 0.0);
    std::sort(layer.begin(), layer.end());
    double mass = 0;
    int dropped = 0;
    for (const double x : layer)
        if ((mass += x / total) < s.tau) ++dropped;
    if (dropped == 0) return {};
    const int keep = std::max(s.min_tokens, prefix - (dropped + 1));
    std::vector<std::vector<int>> kept;
    for (const auto& scores : pooled) {
        std::vector<int> order(prefix);
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return scores[a] > scores[b]; });
        order.resize(keep);
        for (int j = prefix; j < length; ++j) order.push_back(j);
        std::sort(order.begin(), order.end());
        kept.push_back(order);
    }
    return kept;
}

struct Result {
    std::vector<double> logits;  // (V) after the last token
    std::vector<double> kept;    // (L)
    std::vector<double> drift;   // (L) mean relative change of a token
};

/// Of the first `place` + 1 positions those that stripes of blocks let the last of them see.
inline std::vector<int> looks_at(const longleaf::Sparsity& s, int layer, int layers,
                                 const std::vector<int>& positions, size_t place) {
    const auto& of = s.blocks;
    const bool striped = of.pattern == longleaf::BlockPattern::stripes && layer < layers - 1 &&
                         std::find(of.layers.begin(), of.layers.end(), layer) != of.layers.end() &&
                         static_cast<int>(positions.size()) > std::max(256, of.min_tokens);
    std::vector<int> seen;
    for (size_t j = 0; j <= place; ++j) {
        const auto row = static_cast<int>(place / 128), column = static_cast<int>(j / 128);
        if (!striped || row >= (static_cast<int>(positions.size()) - 128) / 128 ||
            column < (of.sinks + 127) / 128 || row - column <= (of.local + 127) / 128)
            seen.push_back(positions[j]);
    }
    return seen;
}

inline Result prefill(const tiny::Model& m, const std::vector<int32_t>& tokens, const longleaf::Sparsity& s) {
    const tiny::Shape& shape = m.shape;
    const int length = static_cast<int>(tokens.size()), group = shape.heads / shape.kv_heads;
    Result result;
    Rows x;
    for (const int32_t token : tokens) {
        const float* row = m.tensors.at("token_embd.weight").data() + token * shape.channels;
        x.emplace_back(row, row + shape.channels);
    }
    for (int l = 0; l < shape.layers; ++l) {
        const Rows entered = x;
        const Rows normed = norm(x, m.of(l, "attn_norm"));
        Rows q = project(normed, m.of(l, "attn_q"), shape.heads * shape.head_dim);
        Rows k = project(normed, m.of(l, "attn_k"), shape.kv_heads * shape.head_dim);
        const Rows v = project(normed, m.of(l, "attn_v"), shape.kv_heads * shape.head_dim);
        rope(q, shape.head_dim, shape.rope_base);
        rope(k, shape.head_dim, shape.rope_base);
        std::vector<Head> heads;
        for (int h = 0; h < shape.heads; ++h)
            heads.push_back({q, k, v, static_cast<size_t>(h * shape.head_dim),
                             static_cast<size_t>(h / group * shape.head_dim),
                             static_cast<size_t>(shape.head_dim)});
        const bool wanted = s.tau > 0 && length > s.min_tokens + s.window &&
                            std::find(s.layers.begin(), s.layers.end(), l) != s.layers.end();
        auto kept = wanted ? select(heads, length, s) : std::vector<std::vector<int>>{};
        std::vector<int> all(length);
        std::iota(all.begin(), all.end(), 0);
        result.kept.push_back(kept.empty() ? 1.0 : static_cast<double>(kept[0].size()) / length);
        Rows mixed(length, std::vector<double>(shape.heads * shape.head_dim));
        for (int h = 0; h < shape.heads; ++h) {
            const auto& positions = kept.empty() ? all : kept[h];
            for (size_t i = 0; i < positions.size(); ++i) {
                const auto seen = looks_at(s, l, shape.layers, positions, i);
                const auto w = heads[h].weights(positions[i], seen, seen.size());
                for (size_t j = 0; j < seen.size(); ++j)
                    for (int d = 0; d < shape.head_dim; ++d)
                        mixed[positions[i]][heads[h].q_at + d] += w[j] * v[seen[j]][heads[h].kv_at + d];
            }
        }
        const Rows out = project(mixed, m.of(l, "attn_output"), shape.channels);
        for (int t = 0; t < length; ++t)
            for (int c = 0; c < shape.channels; ++c) x[t][c] += out[t][c];
        const Rows ffn = norm(x, m.of(l, "ffn_norm"));
        Rows gate = project(ffn, m.of(l, "ffn_gate"), shape.ffn);
        const Rows up = project(ffn, m.of(l, "ffn_up"), shape.ffn);
        for (int t = 0; t < length; ++t)
            for (int f = 0; f < shape.ffn; ++f) gate[t][f] *= up[t][f] / (1 + std::exp(-gate[t][f]));
        const Rows down = project(gate, m.of(l, "ffn_down"), shape.channels);
        for (int t = 0; t < length; ++t)
            for (int c = 0; c < shape.channels; ++c) x[t][c] += down[t][c];
        result.drift.push_back(0);
        for (int t = 0; t < length; ++t) {
            double step = 0, size = 0;
            for (int c = 0; c < shape.channels; ++c) {
                step += std::pow(x[t][c] - entered[t][c], 2);
                size += std::pow(entered[t][c], 2);
            }
            result.drift.back() += std::sqrt(step / size) / length;
        }
    }
    const Rows last = norm({x.back()}, m.tensors.at("output_norm.weight"));
    result.logits = project(last, m.tensors.at("output.weight"), shape.vocab())[0];
    return result;
}

/// Sparse in the last two of the tiny model's layers, from a few dozen tokens on.
inline longleaf::Sparsity some_sparsity() {
    longleaf::Sparsity s;
    s.tau = 0.3f;
    s.layers = {1, 2};
    s.window = 16;
    s.min_tokens = 24;
    s.pool = 7;
    return s;
}

/// The largest difference between the engine's logits and these.
inline double worst(const std::vector<float>& actual, const std::vector<double>& expected) {
    double most = 0;
    for (size_t i = 0; i < expected.size(); ++i) most = std::max(most, std::abs(actual[i] - expected[i]));
    return most;
}

}  // namespace reference
