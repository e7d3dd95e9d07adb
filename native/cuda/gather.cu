// Rows moved ahead of attention: what each head selected, brought together; 8-bit caches widened; and the
// output rows that no head will write, zeroed. A gather costs one read and one write of what was selected,
// little beside attention over it, and spares attention the list: rows fetched by index inside it were
// measured to halve its speed (native/README.md).
#include "cuda/attend.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 256, kRowsPerThread = 4;

struct Lists {
    const int32_t *index, *count;  // (H or G, capacity); (1)
    int64_t capacity;
    int heads;  // that share a list
};

/// blockIdx: (places, list, K or V); `group` lists belong to a kv head. A thread moves one piece of several
/// rows.
template <KvType type>
__global__ void __launch_bounds__(kThreads)
    gather_rows(const char* k, const char* v, int64_t capacity, int d, int group, const Lists lists,
                uint4* to, int64_t places) {
    const int count = *lists.count, pieces = d / 8, rows_at_once = kThreads / pieces;
    const int row = static_cast<int>(threadIdx.x) / pieces, piece = static_cast<int>(threadIdx.x) % pieces;
    const int64_t first = static_cast<int64_t>(blockIdx.x) * rows_at_once * kRowsPerThread + row;
    const int64_t end = (count + kGatherUnit - 1) / kGatherUnit * kGatherUnit;
    if (row >= rows_at_once || first >= end) return;
    const int64_t row_bytes = cached_row_bytes(type, d);
    const char* from = (blockIdx.z ? v : k) + static_cast<int64_t>(blockIdx.y) / group * capacity * row_bytes;
    const int32_t* list = lists.index + blockIdx.y * lists.capacity;
    uint4* out = to + (static_cast<int64_t>(blockIdx.z) * gridDim.y + blockIdx.y) * places * pieces;
    uint4 moved[kRowsPerThread];
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) {
        const int64_t place = first + i * rows_at_once;
        moved[i] = place < count ? cached_eight<type>(from + list[place] * row_bytes, piece * 8, d)
                                 : uint4{0, 0, 0, 0};
    }
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) {
        const int64_t place = first + i * rows_at_once;
        if (place < end) out[place * pieces + piece] = moved[i];
    }
}

/// Zeroes `rows` rows of `row_bytes` each, `stride` bytes apart, by one warp, in words of type Word.
template <class Word>
__device__ void clear_rows(char* first, int64_t stride, int rows, int row_bytes) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    for (int r = 0; r < rows; ++r)
        for (int at = lane * static_cast<int>(sizeof(Word)); at < row_bytes; at += 32 * sizeof(Word))
            *reinterpret_cast<Word*>(first + r * stride + at) = 0;
}

/// Of the rows [start, start + rows) a warp clears those before each of its selected rows that were not
/// selected; whose is the last, also those after it. blockIdx: (stretch of selected rows, head).
__global__ void __launch_bounds__(kThreads)
    clear_gaps(const Lists lists, int start, int rows, char* out, int64_t stride, int row_bytes) {
    const int count = *lists.count;
    if (count == 0) return;
    const int32_t* list = lists.index + blockIdx.y / lists.heads * lists.capacity;
    const int begin = first_from(list, count, start), end = first_from(list, count, start + rows);
    const int warps = static_cast<int>(gridDim.x) * (kThreads / 32);
    int place = begin + static_cast<int>(blockIdx.x) * (kThreads / 32) + static_cast<int>(threadIdx.x) / 32;
    char* column = out + static_cast<int64_t>(blockIdx.y) * row_bytes;
    const auto clear = [&](int from, int to) {
        char* first = column + static_cast<int64_t>(from - start) * stride;
        if ((reinterpret_cast<uintptr_t>(column) | static_cast<uintptr_t>(stride) | row_bytes) % 8 == 0)
            clear_rows<uint64_t>(first, stride, to - from, row_bytes);
        else
            clear_rows<uint16_t>(first, stride, to - from, row_bytes);
    };
    if (begin == end && place == begin) return clear(start, start + rows);
    for (; place < end; place += warps) {
        clear(place == begin ? start : list[place - 1] + 1, list[place]);
        if (place == end - 1) clear(list[place] + 1, start + rows);
    }
}

/// Rows of q8_0 as f16, both (G, places, D); blockIdx: (pieces, kv head, K or V). Not where `unless` counts.
__global__ void __launch_bounds__(kThreads) widen_rows(const char* k, const char* v, int64_t capacity, int d,
                                                       int64_t places, uint4* to, const int32_t* unless) {
    if (unless && *unless > 0) return;
    const int pieces = d / 8;
    const int64_t at = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
    if (at >= places * pieces) return;
    const int64_t row_bytes = d / 32 * 34;
    const char* from = (blockIdx.z ? v : k) + static_cast<int64_t>(blockIdx.y) * capacity * row_bytes;
    to[(static_cast<int64_t>(blockIdx.z) * gridDim.y + blockIdx.y) * places * pieces + at] =
        eight_of_q8_0(from + at / pieces * row_bytes, static_cast<int>(at % pieces) * 8);
}

Lists lists_of(const Selection& s, int group) {
    return {s.index, s.count, s.capacity, s.per_group ? group : 1};
}

}  // namespace

void gather(Backend& backend, KvLayer kv, int heads, Selection chosen) {
    Running run(backend);
    if (run.cancelled()) return;
    const int64_t places = round_up(chosen.capacity, kGatherUnit);
    const int64_t rows_per_block = kThreads / (kv.head_dim / 8) * kRowsPerThread;
    const int lists = chosen.per_group ? kv.kv_heads : heads;
    const dim3 grid(parts(places, rows_per_block), static_cast<unsigned>(lists), 2);
    const auto kernel = kv.type == KvType::f16 ? gather_rows<KvType::f16> : gather_rows<KvType::q8_0>;
    kernel<<<grid, kThreads, 0, run.cuda.stream>>>(
        static_cast<const char*>(kv.k), static_cast<const char*>(kv.v), kv.capacity, kv.head_dim,
        lists / kv.kv_heads, lists_of(chosen, heads / kv.kv_heads), static_cast<uint4*>(chosen.rows), places);
    run.end("gather", 4);
}

void clear_unselected(cudaStream_t stream, int heads, int group, int head_dim, int start,
                      const Selection& chosen, const Matrix& out) {
    const auto size = static_cast<int64_t>(row_bytes(out.type, 1));
    const dim3 grid(parts(out.rows, kThreads), static_cast<unsigned>(heads));
    clear_gaps<<<grid, kThreads, 0, stream>>>(lists_of(chosen, group), start, static_cast<int>(out.rows),
                                              static_cast<char*>(out.data), out.stride * size,
                                              static_cast<int>(head_dim * size));
}

KvLayer widen(CudaBackend& cuda, const KvLayer& kv, int places, const int32_t* unless) {
    const int64_t half = kv.kv_heads * static_cast<int64_t>(places) * kv.head_dim;
    auto* to = static_cast<__half*>(cuda.widened.reserve(static_cast<uint64_t>(half) * 4));
    const dim3 grid(parts(static_cast<int64_t>(places) * (kv.head_dim / 8), kThreads),
                    static_cast<unsigned>(kv.kv_heads), 2);
    widen_rows<<<grid, kThreads, 0, cuda.stream>>>(static_cast<const char*>(kv.k),
                                                   static_cast<const char*>(kv.v), kv.capacity, kv.head_dim,
                                                   places, reinterpret_cast<uint4*>(to), unless);
    return {to, to + half, KvType::f16, kv.kv_heads, kv.head_dim, places};
}

}  // namespace longleaf::cuda
