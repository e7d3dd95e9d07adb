// The stages of plan_blocks, each in a file of its own, and the work space they share.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

/// What is planned. Places are positions, or numbers in a head's list; how many there are the device knows.
struct Planning {
    const void* q;  // (S, H * D)
    DType q_type;
    int64_t q_stride;
    const char* k;     // (G, capacity, D)
    int64_t capacity;  // positions
    int d, group, heads, length;
    const int32_t *index, *count;  // (planes, index_capacity); (1); null: positions
    int64_t index_capacity;
    int plane_heads;  // heads per plane: with the same keys at the same places
    BlockOptions options;
    uint32_t* mask;  // (H, blocks, words)
    int blocks, words;
    uint32_t* marked;  // BlockPlan::marked

    // Work space. Rows of places are `length` apart.
    float *vertical, *slash;     // (H, S) mass of a key; of a distance
    float2* softmax;             // (blocks, H, kPlanBlock) maximum and sum of a block's scores, base 2
    float* against;              // (H, kPlanBlock) what to add to a score so that 2^it is a share of the mean
    float* keys;                 // (planes, blocks, D) means of blocks
    float *columns, *diagonals;  // (H, blocks) mass of a block of keys; of a block diagonal
    float* estimates;            // (H, blocks) of the probe
    uint32_t *column_bits, *diagonal_bits;  // (H, words) those taken
    int* by_rows;                           // (H)

#if defined(__CUDACC__)
    __device__ bool listed() const { return index && *count > 0; }
    __device__ int places() const { return listed() ? *count : length; }
    __device__ const int32_t* list(int h) const {
        return listed() ? index + h / plane_heads * index_capacity : nullptr;
    }
    __device__ bool whole(int n) const {
        return options.pattern == BlockPattern::none || n <= max(2 * kPlanBlock, options.min_tokens);
    }
    __device__ bool probes(int n) const { return !whole(n) && options.pattern == BlockPattern::flex; }
#endif
};

/// Fills keys: the mean of every block. In probe.cu.
void average_keys(CudaBackend&, KvType, const Planning&);
/// Fills vertical and slash: where the last kPlanBlock queries look, on average. In probe.cu.
void probe_places(CudaBackend&, KvType, const Planning&);

}  // namespace longleaf::cuda
