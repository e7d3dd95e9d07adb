#include "engine/forward.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/clock.h"
#include "engine/layer.h"
#include "engine/looked.h"

namespace longleaf {

namespace {

struct Rows {
    int first, count;
};

/// Splits [a, b) into stretches of at most `size` rows, none of them one row unless the whole is: ops may
/// round differently for a single row (ops.h), and a read must not depend on where its chunks end.
std::vector<Rows> chunks(int a, int b, int size) {
    std::vector<Rows> all;
    while (a < b) {
        int count = std::min(size, b - a);
        if (b - a - count == 1 && count > 2) --count;
        all.push_back({a, count});
        a += count;
    }
    return all;
}

/// Rows per attention call, so that one takes about 60 ms at any context length: progress moves between
/// calls.
class Pace {
  public:
    explicit Pace(int most) : most_(most), rows_(most) {}
    int rows() const { return rows_; }
    void took(int rows, double seconds) {
        if (seconds > 0.08)
            rows_ = std::max(32, static_cast<int>(rows * 0.06 / seconds) / 32 * 32);
        else if (seconds < 0.03)
            rows_ = std::min(most_, rows_ * 2);
    }

  private:
    int most_, rows_;
};

/// Whole blocks of a plan, one at least.
int round_to_blocks(int rows) { return std::max(1, rows / kPlanBlock) * kPlanBlock; }

int lists_of(const Config& c, const SparsityPlan& plan) {
    return plan.options.per_group ? c.kv_heads : c.heads;
}

/// kept_places of a layer that goes by blocks of all its tokens.
void look(const Decoder& decoder, const Scratch& s, int layer, int T, std::vector<float>& places) {
    const Config& c = *decoder.config;
    BlockPlan plan = s.block_plan(layer);
    std::vector<uint32_t> mask(plan.bytes(c.heads) / sizeof(uint32_t));
    decoder.backend->download(mask.data(), plan.mask, plan.bytes(c.heads));
    plan.mask = mask.data();
    const std::vector<float> looked = looked_places(plan, c.heads, T);
    std::copy(looked.begin(), looked.end(), places.begin() + static_cast<int64_t>(layer) * kStretches);
}

/// kept_places of layers that select tokens. One copy for all of them.
void locate(const Decoder& decoder, const Scratch& s, const SparsityPlan& plan, int T, PassResult& result) {
    const Config& c = *decoder.config;
    std::vector<uint32_t> tallies(static_cast<size_t>(c.layers) * kStretches);
    decoder.backend->download(tallies.data(), s.tallies(), tallies.size() * sizeof(uint32_t));
    for (int l = 0; l < c.layers; ++l)
        for (int i = 0; i < kStretches && result.kept_fraction[static_cast<size_t>(l)] < 1; ++i) {
            const size_t at = static_cast<size_t>(l * kStretches + i);
            const int places = stretch_size(i, T) * lists_of(c, plan);
            if (places > 0)
                result.kept_places[at] = static_cast<float>(tallies[at]) / static_cast<float>(places);
        }
}

/// What layers of a pass of T rows left out.
void account(const Decoder& decoder, const Scratch& s, const SparsityPlan& plan, int T, PassResult& result) {
    const auto layers = static_cast<size_t>(decoder.config->layers);
    result.kept_fraction.assign(layers, 1.0f);
    result.block_fraction.assign(layers, 1.0f);
    std::vector<int32_t> counts(layers);
    std::vector<uint32_t> marked(layers);
    if (plan.selects()) decoder.backend->download(counts.data(), s.counts(), layers * sizeof(int32_t));
    if (plan.plans()) decoder.backend->download(marked.data(), s.marked(), layers * sizeof(uint32_t));
    for (size_t l = 0; l < layers; ++l) {
        const int kept = plan.sparse[l] && counts[l] > 0 ? counts[l] : T;
        result.kept_fraction[l] = static_cast<float>(kept) / static_cast<float>(T);
        const double blocks = (kept + kPlanBlock - 1) / kPlanBlock;
        if (plan.blocks[l])
            result.block_fraction[l] =
                static_cast<float>(marked[l] / (decoder.config->heads * blocks * (blocks + 1) / 2));
    }
    if (plan.selects()) locate(decoder, s, plan, T, result);
}

void note(const Pass& pass, double cost) {
    if (pass.progress) pass.progress->add(cost);
}

}  // namespace

int last_layer_rows(int tokens) { return std::min(tokens, 2); }

bool forward(const Decoder& decoder, const KvCache& cache, const Scratch& s, const Pass& pass,
             PassResult& result) {
    const Config& c = *decoder.config;
    const Weights& w = *decoder.weights;
    Backend& b = *decoder.backend;
    const Ops& op = b.ops();
    const SparsityPlan& plan = *pass.sparsity;
    const int T = static_cast<int>(pass.ids.size());
    const int W = plan.options.window;
    const Cost cost(c);
    const int chunk = b.chunk_rows();
    const bool one_chunk = T <= chunk;
    Pace pace(chunk);
    if (plan.selects() || plan.plans())
        result.kept_places.assign(static_cast<size_t>(c.layers) * kStretches, 1.0f);

    b.upload(s.ids(), pass.ids.data(), pass.ids.size_bytes());
    for (const auto [first, count] : chunks(0, T, chunk))
        op.embed(b, w.embedding, s.ids() + first, s.residual(first, count));
    if (c.embedding_scale != 1) op.scale(b, s.residual(0, T), c.embedding_scale);

    for (int l = 0; l < c.layers; ++l) {
        const Layer layer(decoder, l);
        const LayerWeights& of = layer.weights;
        const KvLayer kv = cache.layer(l);
        const bool sparse = plan.sparse[l], by_blocks = plan.blocks[l];
        assert((c.may_be_sparse(l) || !(sparse || by_blocks)) &&
               "forward: this layer's attention must be dense");
        if (!one_chunk)
            b.prepare(std::array{of.q, of.k, of.v, of.attn_output, of.gate, of.up, of.down},
                      decoder.activations);

        // A row alone, which costs its weights and its launches: phase A below, and the queries of phase B.
        if (T == 1) {
            op.rmsnorm(b, s.residual(0, 1), of.attn_norm, c.rms_eps, s.normed(1));
            op.project(b, std::array<Projection, 3>{{{of.q, s.q(1)}, {of.k, s.k(1)}, {of.v, s.v(1)}}},
                       s.normed(1));
            layer.finish_row(s.q(1), s.k(1), s.v(1), kv, pass.start);
            if (pass.watch) pass.watch->take(b, l, s.q(1), pass.start);
            if (b.cancelled) return false;
            note(pass, cost.project_kv(1));
        }

        // Phase A: K and V of every row, so that the layer's cache is complete before anything attends to it.
        for (const auto [first, count] : chunks(0, T == 1 ? 0 : T, chunk)) {
            op.rmsnorm(b, s.residual(first, count), of.attn_norm, c.rms_eps, s.normed(count));
            op.matmul(b, of.k, s.normed(count), s.k(count), false);
            op.matmul(b, of.v, s.normed(count), s.v(count), false);
            layer.store_keys(s.k(count), s.v(count), kv, pass.start + first);
            if (b.cancelled) return false;
            note(pass, cost.project_kv(count));
        }

        // For queries: in one chunk what phase A normalised is still there.
        const auto normed = [&](int first, int count) {
            if (one_chunk) return s.rows_of(s.normed(T), first, count);
            op.rmsnorm(b, s.residual(first, count), of.attn_norm, c.rms_eps, s.normed(count));
            return s.normed(count);
        };

        const auto project_queries = [&](int first, int count, Matrix q) {
            op.matmul(b, of.q, normed(first, count), q, false);
            layer.finish_queries(q, pass.start + first);
        };

        // A plan by blocks looks at every query, so there they come before attention, all of them.
        for (const auto [first, count] : chunks(0, by_blocks ? T : 0, chunk)) {
            project_queries(first, count, s.all_q(first, count));
            if (b.cancelled) return false;
        }
        Selection chosen;
        if (sparse) {
            chosen = s.selection(l);
            chosen.keys_only = plan.keys_only;
            for (const auto [first, count] : chunks(T - W, by_blocks ? T - W : T, chunk))
                project_queries(first, count, s.rows_of(s.tail(W), first - (T - W), count));
            op.select(b, by_blocks ? s.all_q(T - W, W) : s.tail(W), kv, T, plan.options, s.select_work(),
                      chosen);
            if (chosen.rows) op.gather(b, kv, c.heads, chosen);
            op.tally(b, chosen, lists_of(c, plan), T, s.tallies() + l * kStretches);
            if (b.cancelled) return false;
            note(pass, cost.select(T, W));
        }
        if (by_blocks) {
            op.plan_blocks(b, s.all_q(0, T), kv, T, plan.block_options, chosen, s.plan_work(),
                           s.block_plan(l));
            if (b.cancelled) return false;
            if (!sparse) look(decoder, s, l, T, result.kept_places);
            note(pass, cost.select(T, kPlanBlock));
        }

        // Phase B: attend, project out and run the FFN. After the last layer only the answer's row matters.
        const int begin = l == c.layers - 1 && !pass.drift ? T - last_layer_rows(T) : 0;
        for (const auto [first, count] : chunks(begin, T, chunk)) {
            const Matrix x = s.residual(first, count);
            if (pass.drift) pass.drift->before(x);
            if (T > 1 && !by_blocks) project_queries(first, count, s.q(count));
            const Matrix queries = by_blocks ? s.all_q(first, count) : s.q(count);
            for (int done = 0; done < count;) {
                const int rows = by_blocks ? round_to_blocks(pace.rows()) : pace.rows();
                const Rows part = chunks(done, count, rows).front();
                const Matrix q = s.rows_of(queries, part.first, part.count);
                const Matrix mixed = s.rows_of(s.mixed(count), part.first, part.count);
                const int from = first + part.first;
                const auto begun = Clock::now();
                if (by_blocks)
                    op.attend_blocks(b, q, kv, from, s.block_plan(l), chosen, mixed);
                else if (sparse)
                    op.attend_selected(b, q, kv, from, chosen, mixed);
                else
                    op.attend(b, q, kv, pass.start + from, mixed);
                if (b.cancelled) return false;
                pace.took(part.count, seconds_since(begun));
                note(pass, cost.attend(pass.start, from, from + part.count, sparse || by_blocks));
                done += part.count;
            }
            layer.add_attention(s.mixed(count), x, s.branch(count));
            op.rmsnorm(b, x, of.ffn_norm, c.rms_eps, s.normed(count));
            layer.add_ffn(s.normed(count), x, s.gate(count), s.up(count), s.branch(count));
            if (b.cancelled) return false;
            if (pass.drift) pass.drift->after(l, x);
            note(pass, cost.project_out(count));
        }
    }

    op.rmsnorm(b, s.residual(pass.answer, 1), w.output_norm, c.rms_eps, s.normed(1));
    op.matmul(b, w.output, s.normed(1), pass.logits, false);
    if (c.logit_scale != 1) op.scale(b, pass.logits, c.logit_scale);
    if (c.logit_soft_cap > 0) op.soften(b, pass.logits, c.logit_soft_cap);

    account(decoder, s, plan, T, result);
    return !b.cancelled;
}

}  // namespace longleaf
