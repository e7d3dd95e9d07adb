// What the attention kernels share.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

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
    float scale;           // log2(e) / sqrt(D)
    int list_heads;        // that share a list
    const int32_t* index;  // (H / list_heads, index_capacity), or null: dense
    const int32_t* count;  // 0: dense
    int64_t index_capacity;
    const void*
        selected;  // K and V of what each head selected, (2, H / list_heads, selected_places, D) f16, or null
    int64_t selected_places;  // in whole kGatherUnit
};

/// Attention of a single query, where reading the cache is all there is to do (decode.cu). q, out (1, H * D);
/// sees positions 0 .. length - 1. Keys are split over blocks on a grid that depends on `length` and the
/// device alone, and the parts joined in ascending order.
void decode(Running&, const Matrix& q, const KvLayer&, int length, const Matrix& out);

/// The walk on warpgroup products and the copy engine (attend_hopper.cu), for devices that CudaBackend calls
/// `hopper`. K and V are f16; a list needs `selected`.
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

#if defined(__CUDACC__)
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
