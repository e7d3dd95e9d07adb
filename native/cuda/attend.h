// What the attention kernels share.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

/// KvLayer's cap on scores: most * tanh(score * before).
struct SoftCap {
    float most = 0, before = 0;  // cap, and 1 / (cap sqrt(D)); 0: scores stay

    SoftCap() = default;
    explicit SoftCap(const KvLayer&);
    /// What scores are multiplied with on their way to powers of 2.
    static float scale(const KvLayer&);
#if defined(__CUDACC__)
    __device__ void soften(float& score) const { score = most * tanhf(score * before); }
#endif
};

/// Queries of consecutive positions and the cache they look into. A place is a position, or a number in a
/// head's list of positions where it has one.
struct Walk {
    const void* q;
    void* out;
    DType q_type, out_type;
    int64_t q_stride, out_stride;
    const char *k, *v;  // (G, capacity, D)
    int64_t capacity;   // positions
    int d, group, rows, start;
    float scale;  // log2(e) / sqrt(D); log2(e) where scores have a soft cap
    int window;   // of KvLayer; 0: none
    SoftCap cap;
    int list_heads;        // that share a list
    const int32_t* index;  // (H / list_heads, index_capacity), or null: dense
    const int32_t* count;  // 0: dense
    int64_t index_capacity;
    const void*
        selected;  // K and V of what each head selected, (2, H / list_heads, selected_places, D) f16, or null
    int64_t selected_places;  // in whole kGatherUnit
    const uint32_t* plan;     // BlockPlan::mask, or null: queries look into all blocks
    int64_t plan_blocks;      // BlockPlan::blocks

    bool limited() const { return window > 0 || cap.most > 0; }
};

/// Attention of a single query, where reading the cache is all there is to do (decode.cu). q, out (1, H * D);
/// sees positions 0 .. length - 1. Keys are split over blocks on a grid that depends on `length` and the
/// device alone, and the parts joined in ascending order.
void decode(Running&, const Matrix& q, const KvLayer&, int length, const Matrix& out);

/// The walk on warpgroup products and the copy engine (attend_hopper.cu), for devices that CudaBackend calls
/// `hopper`. K and V are f16; a list needs `selected`; there is neither window nor soft cap.
void attend_on_hopper(CudaBackend&, const Walk&, int heads);

/// Zeroes the rows of out, positions from `start` on, that a head did not select; all stay where it has no
/// list. `group`: heads of a kv head.
void clear_unselected(cudaStream_t, int heads, int group, int head_dim, int start, const Selection& chosen,
                      const Matrix& out);
/// K and V of the first `places` positions of a q8_0 cache as f16, in work space of the backend; its capacity
/// is `places`. Its content is undefined where *unless is not 0.
KvLayer widen(CudaBackend&, const KvLayer&, int places, const int32_t* unless);

/// What gathered rows are counted in: a tile of attend_hopper.cu. Rows after a head's last are zeros up to
/// it.
inline constexpr int64_t kGatherUnit = 128;

/// Thread blocks for `rows` rows of queries, `unit` of them each.
inline unsigned stretches(const Walk& w, int unit) { return parts(w.rows, unit) + (w.plan ? 1 : 0); }

#if defined(__CUDACC__)
/// Tiles of keys that a block of queries walks, in ascending order: all before `end`, or, when `planned`,
/// those of the blocks whose bits are set, if there are bits. What is not planned keeps its registers.
template <bool planned>
struct Steps {
    const uint32_t* bits;
    int end, per_block;

    /// First one from `tile` on; `end` when there is none.
    __device__ int from(int tile) const {
        if (!planned || !bits || tile >= end) return min(tile, end);
        const int block = tile / per_block, blocks = (end + per_block - 1) / per_block;
        int word = block / 32;
        uint32_t set = bits[word] & (~0u << block % 32);
        while (set == 0) {
            if (++word * 32 >= blocks) return end;
            set = bits[word];
        }
        const int found = word * 32 + __ffs(static_cast<int>(set)) - 1;
        return found == block ? tile : min(found * per_block, end);
    }
};

/// Places of the queries of one thread block, which under a plan all lie in one of its blocks; `unit` at
/// most.
struct Stretch {
    int first, last;

    /// Of the places [begin, end): heavy stretches, those of late rows, come first.
    __device__ Stretch(const Walk& w, int begin, int end, int unit) {
        const int number = static_cast<int>(gridDim.x) - 1 - static_cast<int>(blockIdx.x);
        const int from = (w.plan ? begin / unit * unit : begin) + number * unit;
        first = max(from, begin), last = min(from + unit, end) - 1;
    }
    __device__ const uint32_t* bits(const Walk& w) const {
        const int64_t words = (w.plan_blocks + 31) / 32;
        return w.plan ? w.plan + (blockIdx.y * w.plan_blocks + first / kPlanBlock) * words : nullptr;
    }
};

/// First place in ascending list[0 .. n - 1] whose value is at least `value`. By whole warps, whose lanes
/// each look at a place: four reads one after the other in a list of a million, where halving takes twenty.
__device__ inline int first_from(const int32_t* list, int n, int value) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    int low = 0, high = n;  // every place before low is too small, none from high on is
    while (low < high) {
        const int step = (high - low + 31) / 32, place = low + (lane + 1) * step - 1;
        const int small = __popc(__ballot_sync(~0u, place < high && list[place] < value));
        low += small * step;
        high = min(high, low + step - 1);
    }
    return low;
}
#endif

}  // namespace longleaf::cuda
