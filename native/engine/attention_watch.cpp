#include "engine/attention_watch.h"

#include <algorithm>
#include <cmath>

#include "cpu/half.h"
#include "ops/quant.h"

namespace longleaf {

namespace {

constexpr size_t most_queries = 64;
constexpr int block = 1024;  // positions at a time

/// One stored row of K as floats, written with `stride` between values: (D, positions).
void widen(KvType type, const uint8_t* row, int head_dim, float* to, int stride) {
    if (type == KvType::q8_0) {
        const auto* blocks = reinterpret_cast<const BlockQ8_0*>(row);
        for (int d = 0; d < head_dim; ++d)
            to[d * stride] = cpu::half_to_float(blocks[d / 32].d) * blocks[d / 32].q[d % 32];
    } else if (type == KvType::f16) {
        const auto* halves = reinterpret_cast<const uint16_t*>(row);
        for (int d = 0; d < head_dim; ++d) to[d * stride] = cpu::half_to_float(halves[d]);
    } else {
        const auto* floats = reinterpret_cast<const float*>(row);
        for (int d = 0; d < head_dim; ++d) to[d * stride] = floats[d];
    }
}

}  // namespace

AttentionWatch::AttentionWatch(std::vector<WatchedHead> heads, int positions, const Config& config)
    : heads_(std::move(heads)),
      positions_(positions),
      head_dim_(config.head_dim),
      group_(config.heads / config.kv_heads) {
    for (size_t i = 0; i < heads_.size(); ++i) {
        const auto same = [&](const Layer& layer) { return layer.index == heads_[i].layer; };
        auto found = std::find_if(layers_.begin(), layers_.end(), same);
        if (found == layers_.end()) found = layers_.insert(found, Layer{heads_[i].layer, {}, {}, 0, 1});
        found->slots.push_back(static_cast<int>(i));
    }
}

void AttentionWatch::take(Backend& backend, int layer, Matrix q, int position) {
    const auto here =
        std::find_if(layers_.begin(), layers_.end(), [&](const Layer& each) { return each.index == layer; });
    if (here == layers_.end() || here->seen++ % here->stride != 0) return;
    std::vector<float> row(static_cast<size_t>(q.cols));
    backend.download(row.data(), q.data, row.size() * sizeof(float));
    Query query{position, {}};
    for (const int slot : here->slots) {
        const auto from = row.begin() + static_cast<int64_t>(heads_[slot].head) * head_dim_;
        query.q.insert(query.q.end(), from, from + head_dim_);
    }
    here->queries.push_back(std::move(query));
    if (here->queries.size() <= most_queries) return;
    std::vector<Query> kept;
    for (size_t i = 0; i < here->queries.size(); i += 2) kept.push_back(std::move(here->queries[i]));
    here->queries = std::move(kept);
    here->stride *= 2;
}

std::vector<float> AttentionWatch::attention(Backend& backend, const KvCache& cache) const {
    std::vector<float> all(heads_.size() * static_cast<size_t>(positions_));
    for (const Layer& layer : layers_)
        for (size_t at = 0; at < layer.slots.size() && !layer.queries.empty(); ++at)
            attend(backend, cache.layer(layer.index), layer, at,
                   all.data() + static_cast<size_t>(layer.slots[at]) * static_cast<size_t>(positions_));
    return all;
}

/// Softmax over all positions a query sees, of which the first are reported.
void AttentionWatch::attend(Backend& backend, const KvLayer& kv, const Layer& layer, size_t at,
                            float* out) const {
    const int n = static_cast<int>(layer.queries.size());
    const int length = layer.queries.back().position + 1;
    const int64_t first_row = static_cast<int64_t>(heads_[layer.slots[at]].head / group_) * kv.capacity;
    const uint64_t row = kv_row_bytes(kv.type, head_dim_);
    const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim_));
    std::vector<uint8_t> stored(row * block);
    std::vector<float> keys(static_cast<size_t>(block) * head_dim_);  // (D, block)
    std::vector<float> scores(static_cast<size_t>(n) * length);
    for (int begin = 0; begin < length && !backend.cancelled; begin += block) {
        const int count = std::min(block, length - begin);
        const auto* from = static_cast<const uint8_t*>(kv.k) + static_cast<uint64_t>(first_row + begin) * row;
        backend.download(stored.data(), from, row * static_cast<uint64_t>(count));
        for (int p = 0; p < count; ++p)
            widen(kv.type, stored.data() + row * static_cast<uint64_t>(p), head_dim_, keys.data() + p, block);
        for (int i = 0; i < n; ++i) {
            const float* q = layer.queries[i].q.data() + at * static_cast<size_t>(head_dim_);
            float* score = scores.data() + static_cast<size_t>(i) * length + begin;
            for (int d = 0; d < head_dim_; ++d) {
                const float* key = keys.data() + static_cast<size_t>(d) * block;
                const float value = q[d] * scale;
                for (int p = 0; p < count; ++p) score[p] += value * key[p];
            }
        }
    }
    for (int i = 0; i < n && !backend.cancelled; ++i) {
        float* score = scores.data() + static_cast<size_t>(i) * length;
        const int seen = layer.queries[i].position + 1;
        const float most = *std::max_element(score, score + seen);
        double sum = 0;
        for (int p = 0; p < seen; ++p) sum += score[p] = std::exp(score[p] - most);
        const float weight = static_cast<float>(1 / (sum * n));
        for (int p = 0; p < std::min(seen, positions_); ++p) out[p] += score[p] * weight;
    }
}

}  // namespace longleaf
