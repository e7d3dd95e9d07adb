// The op table: everything `forward` asks of a backend. native/cpu and native/cuda each fill one; neither
// knows the other. Shape letters are those of native/README.md:
//   T tokens in this call, S positions in cache, H query heads, G kv heads, D head dim, C model dim,
//   F ffn dim, V vocab, L layers, K tokens kept per head (window included), W tail window.
//
// Pointers are the backend's memory (allocate/upload/download); only `Tensor` data of a CPU backend is the
// file's mapping. Ops run in order on the backend's own queue; `forward` never reads results between ops,
// except through download(). Each op is deterministic, and row t of a result depends on row t's inputs and
// the cache alone, not on how many rows share the call, so chunked and whole prefill agree bit for bit.
// The one exception: calls with T == 1 may use another summation order (decode).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine.h"
#include "ops/ranking.h"
#include "ops/tensor.h"

namespace longleaf {

/// What rows of K and V are stored in, and the bytes of one head's row.
inline DType stored_as(KvType type) {
    return type == KvType::f32 ? DType::f32 : type == KvType::f16 ? DType::f16 : DType::q8_0;
}
inline size_t kv_row_bytes(KvType type, int head_dim) {
    return row_bytes(stored_as(type), static_cast<size_t>(head_dim));
}

/// K and V of one layer. Both (G, capacity, D): a head's positions are contiguous.
struct KvLayer {
    void* k = nullptr;
    void* v = nullptr;
    KvType type = KvType::f16;  // q8_0: blocks of 32 along D
    int kv_heads = 0, head_dim = 0;
    int64_t capacity = 0;  // positions
    int64_t window = 0;    // a query sees the last so many positions, its own included; 0: all
    float soft_cap = 0;    // scores become soft_cap * tanh(score / soft_cap); 0: they stay
};

/// What each head attends over in one sparse layer.
struct Selection {
    int32_t* index = nullptr;  // (H or G, capacity) ascending positions; first *count entries valid
    int32_t* count = nullptr;  // (1) K, the same for every head; 0: the layer runs dense
    int64_t capacity = 0;
    void* rows = nullptr;    // Backend::gathered_bytes() for K and V of those positions, if it asks for any
    bool per_group = false;  // index (G, capacity): the heads of a kv head share its list
    bool keys_only = false;  // every row attends, to what is listed up to its own position; none: 0
};

/// Stretches that a reading is divided into to tell where its heads' kept tokens lie: position p of S is in
/// stretch p * kStretches / S.
inline constexpr int kStretches = kept_stretches;
constexpr int stretch_of(int32_t position, int length) {
    return static_cast<int>(static_cast<int64_t>(position) * kStretches / length);
}
/// Positions of a stretch.
constexpr int stretch_size(int stretch, int length) {
    const auto first = [&](int64_t at) { return (at * length + kStretches - 1) / kStretches; };
    return static_cast<int>(first(stretch + 1) - first(stretch));
}

/// Token scores, budget and selection (token-sparse attention, §1.1 steps 3 to 8).
struct SelectOptions {
    float tau = 0;  // Dynamic Token Coverage: share of the layer's mass that may be dropped; 0: none
    int window = 128, min_tokens = 1024, pool = 7;
    float keep = 0;          // instead of tau, where not 0: the share of the prefix that stays, (0, 1)
    int sinks = 0;           // first tokens, which stay whatever their score
    bool per_group = false;  // one selection per kv head, by the sum of its heads' pooled scores

    bool drops(int length) const {
        return (tau > 0 || keep > 0) && window >= 1 && length > static_cast<int64_t>(min_tokens) + window;
    }
    /// Of `prefix` tokens, by `keep`; 0 where tau decides.
    int64_t fixed_keep(int64_t prefix) const {
        const int64_t share = static_cast<int64_t>(static_cast<double>(keep) * static_cast<double>(prefix));
        return keep > 0 ? std::min<int64_t>(share + 1, prefix) : 0;
    }
};

/// Queries and keys are planned in blocks of this many places: positions, or where a layer selected tokens,
/// numbers in a head's list of them.
inline constexpr int kPlanBlock = 128;

/// Block-sparse attention. Of every pattern the blocks that hold the last kPlanBlock places attend to all.
///
/// flex: FlexPrefill (arXiv 2502.20766), whose steps are those of token-sparse attention, §6, but
///  - budgets are counted in kPlanBlock tokens, not in 128 whatever the block is;
///  - a distance is shared between the two block diagonals it falls into, in proportion to its pairs there;
///  - the estimate is covered row by row, so that a flat row cannot starve beside sharp ones;
///  - a block of no mass at all counts as 0 log 0 = 0, where the original decides by a NaN;
///  - among selected tokens a constant distance means nothing: there every head is planned by rows, and of
///    diagonals it takes the first two.
/// stripes: the first and the nearest tokens (TriangleMix' static pattern), in whole blocks.
struct BlockOptions {
    BlockPattern pattern = BlockPattern::none;
    float gamma = 0.95f;  // flex: share of attention to cover
    float similarity =
        0.1f;               // flex: a head whose estimate is nearer to its probe than this is planned by rows
    int min_tokens = 1024;  // flex: of vertical and of slash at least
    int sinks = 128, local = 512;  // stripes

    /// Too few places to leave any out.
    bool whole(int64_t places) const {
        return pattern == BlockPattern::none || places <= std::max(2 * kPlanBlock, min_tokens);
    }
};

/// Bit c % 32 of word c / 32 of row r of a head: queries of block r attend to keys of block c <= r.
struct BlockPlan {
    uint32_t* mask = nullptr;    // (H, blocks, words())
    int64_t blocks = 0;          // of all S positions, kept or not
    uint32_t* marked = nullptr;  // (1) bits set, of all heads; null: not counted
    int64_t words() const { return (blocks + 31) / 32; }
    uint64_t bytes(int heads) const { return static_cast<uint64_t>(heads * blocks * words()) * sizeof *mask; }
};

/// One of several products of the same rows.
struct Projection {
    Tensor w;
    Matrix out;
};

struct RopeTable {
    const float* inv_freq = nullptr;  // (rotated / 2) theta_i after base, scaling and factors
    int head_dim = 0, rotated = 0;    // the first `rotated` values of a head turn; the rest stay
    bool neox = false;
    float magnitude = 1;  // of what turned
};

struct Ops;

/// One device: its memory, its queue and its ops. Created by cpu::create_backend() or its CUDA twin.
class Backend {
  public:
    virtual ~Backend() = default;
    virtual const Ops& ops() const = 0;
    virtual std::string describe() const = 0;      // "CPU, AVX2, 2 threads"
    virtual uint64_t available_bytes() const = 0;  // memory that can be taken now

    /// What several rows are kept in between two products by matrices of type `weights`; sums, the residual
    /// stream, logits and a row that is alone are f32.
    virtual DType activation_type([[maybe_unused]] DType weights) const { return DType::f32; }

    /// Most memory the backend takes for its own work beside what allocate() gave, when no matrix row it sees
    /// (of C, F or H * D, not V) is wider than `widest_row` elements, and `prepared` values are prepared at a
    /// time. For the memory plan.
    virtual uint64_t scratch_bytes([[maybe_unused]] int64_t widest_row,
                                   [[maybe_unused]] int64_t prepared) const {
        return 0;
    }

    /// Room a Selection of so many lists brings for K and V of what each keeps of `length` positions; 0:
    /// attention finds them by index.
    virtual uint64_t gathered_bytes([[maybe_unused]] int lists, [[maybe_unused]] int64_t length,
                                    [[maybe_unused]] int head_dim) const {
        return 0;
    }
    /// Most memory attention takes for itself with `length` positions in the cache. For the memory plan.
    virtual uint64_t attention_bytes(KvType, [[maybe_unused]] int kv_heads, [[maybe_unused]] int64_t length,
                                     [[maybe_unused]] int head_dim) const {
        return 0;
    }
    /// Whether attention over heads of this size, kept in this type, is among its ops.
    virtual bool attends(int head_dim, KvType) const { return head_dim > 0; }

    /// Whether its memory is the program's: then weights stay in the file's mapping, and pages that were
    /// never written cost nothing. Else weights are uploaded and what is allocated is taken at once.
    virtual bool host_memory() const { return true; }

    /// Whether `gated` on several rows of the activation type leaves its room alone; then there need be none.
    virtual bool gates_at_once() const { return false; }

    /// Rows `forward` projects at a time. Bounds activation memory; results do not depend on it.
    virtual int chunk_rows() const { return 512; }

    /// Zeroed or untouched pages, never malloc (a single malloc over 2 GiB kills an Electron process).
    virtual void* allocate(uint64_t bytes) = 0;  // throws EngineError{no_memory}
    virtual void release(void* memory, uint64_t bytes) noexcept = 0;
    virtual void upload(void* to, const void* from, uint64_t bytes) = 0;
    /// Makes a weight of the file readable by the ops, in memory of as many bytes; how it is laid out there
    /// is the backend's own business. `to` becomes the tensor's data.
    virtual void place(void* to, const Tensor& weight) {
        upload(to, weight.data,
               row_bytes(weight.type, static_cast<size_t>(weight.cols)) * static_cast<uint64_t>(weight.rows));
    }
    /// What follows multiplies many chunks of rows of type `rows` by these matrices: a backend that has to
    /// unpack them does so once, here, and keeps them until the next call. Changes no result.
    virtual void prepare([[maybe_unused]] std::span<const Tensor> matrices, [[maybe_unused]] DType rows) {}
    virtual void download(void* to, const void* from, uint64_t bytes) = 0;  // waits for the queue

    /// Ops return early, with unspecified results, once this is true; `forward` then unwinds.
    std::atomic<bool> cancelled{false};
};

/// Matrices are f32 or the backend's 16-bit type, in which f16 holds its largest value instead of infinity.
/// embed, the input of rmsnorm and what matmul adds to are f32.
struct Ops {
    /// out (T, C) = rows of table (V, C) picked by ids (T).
    void (*embed)(Backend&, const Tensor& table, const int32_t* ids, Matrix out);

    /// out (T, C) = x / sqrt(mean(x^2) + eps) * weight (C) f32. In place allowed in f32.
    void (*rmsnorm)(Backend&, Matrix x, const Tensor& weight, float eps, Matrix out);

    /// out (T, N) = x (T, K) * w^T, w (N, K); with `add`, out += (the residual).
    void (*matmul)(Backend&, const Tensor& w, Matrix x, Matrix out, bool add);

    /// Each out (T, N) = x (T, K) * w^T, as matmul.
    void (*project)(Backend&, std::span<const Projection>, Matrix x);

    /// x (T, N) += bias (N) f32.
    void (*add_bias)(Backend&, Matrix x, const Tensor& bias);

    /// x (T, C) f32 += scale * more (T, C) f32.
    void (*add_scaled)(Backend&, Matrix x, Matrix more, float scale);

    /// x *= by.
    void (*scale)(Backend&, Matrix x, float by);

    /// x = cap * tanh(x / cap), f32.
    void (*soften)(Backend&, Matrix x, float cap);

    /// rmsnorm of each head of x (T, heads * D) in place, weight (D) f32.
    void (*norm_heads)(Backend&, Matrix x, const Tensor& weight, float eps);

    /// Rotates x (T, heads * D) in place; row t is position start + t.
    void (*rope)(Backend&, Matrix x, const RopeTable&, int start);

    /// Stores k and v (T, G * D), of one type, at positions start .. start + T - 1.
    void (*kv_write)(Backend&, Matrix k, Matrix v, KvLayer, int start);

    /// rope of q and of k, then kv_write, with the same results.
    void (*rope_and_store)(Backend&, Matrix q, Matrix k, Matrix v, const RopeTable&, KvLayer, int start);

    /// Dense causal attention, scale 1/sqrt(D), GQA: q, out (T, H * D); row t is position start + t and
    /// sees positions 0 .. start + t, or the window's last of them.
    void (*attend)(Backend&, Matrix q, KvLayer, int start, Matrix out);

    /// Token scores and selection for a prefill of S tokens whose K is complete. q (W, H * D): the last W
    /// queries, roped. Fills `out`, whose per_group is that of the options; scratch is
    /// select_scratch_bytes(). Count 0 when nothing may be dropped.
    void (*select)(Backend&, Matrix q, KvLayer, int length, const SelectOptions&, void* scratch,
                   Selection out);
    uint64_t (*select_scratch_bytes)(int heads, int length, const SelectOptions&);

    /// Copies K and V of what each head keeps to chosen.rows, which attend_selected then reads. Only where
    /// gathered_bytes() asks for it; null in a backend where it never does.
    void (*gather)(Backend&, KvLayer, int heads, Selection chosen) = nullptr;

    /// tally (kStretches) = how many entries of all `lists` lists lie in each stretch of S positions; 0 where
    /// *count is 0.
    void (*tally)(Backend&, Selection chosen, int lists, int length, uint32_t* tally);

    /// As attend for a prefill that starts at 0, of rows start .. start + T - 1, but each head attends among
    /// its selected positions only; rows it did not select get 0, or with keys_only attend too. Where *count
    /// is 0 it is attend.
    void (*attend_selected)(Backend&, Matrix q, KvLayer, int start, Selection, Matrix out);

    /// Plans block-sparse attention of a prefill of S tokens whose K is complete: over all positions where
    /// chosen.index is null or *count 0, else over what each head selected. q (S, H * D): all queries, roped.
    /// scratch is plan_scratch_bytes().
    void (*plan_blocks)(Backend&, Matrix q, KvLayer, int length, const BlockOptions&, Selection chosen,
                        void* scratch, BlockPlan out);
    uint64_t (*plan_scratch_bytes)(int heads, int length, int head_dim);

    /// As attend, or where positions were selected attend_selected, of rows start .. start + T - 1 of a
    /// prefill that starts at 0, but each query looks only into the blocks that the plan gives its block.
    void (*attend_blocks)(Backend&, Matrix q, KvLayer, int start, BlockPlan, Selection chosen, Matrix out);

    /// gate (T, F) = silu(gate) * up, of one type.
    void (*swiglu)(Backend&, Matrix gate, Matrix up);

    /// gate (T, F) = gelu(gate) * up, of one type; gelu as tanh approximates it.
    void (*geglu)(Backend&, Matrix gate, Matrix up);

    /// out (T, F) = silu(x * gate^T) * (x * up^T), gate and up (F, C); `room` (T, F) is work space. Of x's
    /// type.
    void (*gated)(Backend&, const Tensor& gate, const Tensor& up, Matrix x, Matrix out, Matrix room);

    /// What a sampler needs of logits (1, V) f32, which stay as they are. A cancel does not cut it short.
    void (*rank)(Backend&, Matrix logits, const RankOptions&, Ranking* out);
};

}  // namespace longleaf
