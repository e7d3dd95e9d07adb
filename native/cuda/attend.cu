// Dense and selected causal attention of many queries, after FlashAttention-2: a block holds a tile of
// queries of one head and walks the keys in tiles on a grid from key 0, with a running maximum and sum per
// query. A warp holds 16 or 32 rows whole, so softmax stays inside it. While scores are computed V arrives,
// while values are weighed the next K does. Selected attention is the same walk over the head's own list of
// positions: rows are gathered as they are copied and scattered as they are stored. Windows and soft caps are
// this kernel's alone.
#include <cassert>
#include <climits>
#include <cmath>

#include "cuda/attend.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 4, kThreads = kWarps * 32;

/// D values per row padded to D; `fragments` 16-row parts per warp; `keys` per tile.
template <int D>
struct Shape {
    static constexpr int fragments = D > 128 ? 1 : 2, keys = D > 128 ? 32 : 64;
    static constexpr int rows = kWarps * 16 * fragments;
    static constexpr int row_bytes =
        D * 2 + 16;  // an odd number of 16-byte pieces: no bank twice in ldmatrix
    static constexpr int shared_bytes = (rows + 2 * keys) * row_bytes + 2 * keys * 4;
};

/// Copies a tile of `keys` rows. Gathered: row i is position[i], or zeros where that is negative. Else the
/// rows are those from `first` on, zeros after `last`.
template <int D, KvType type, bool gathered>
__device__ void load_tile(uint32_t shared, char* memory, const char* cache, int d, const int32_t* position,
                          int first, int last) {
    constexpr int pieces = D / 8, steps = Shape<D>::keys * pieces / kThreads;
    const int row_bytes = cached_row_bytes(type, d);
    if constexpr (!gathered && type == KvType::f16) {
        // The usual case: a whole tile, contiguous in the cache.
        if (d == D && first + Shape<D>::keys - 1 <= last) {
            const char* from = cache + static_cast<int64_t>(first) * (D * 2) + threadIdx.x * 16;
#pragma unroll
            for (int i = 0; i < steps; ++i) {
                const int at = i * kThreads + static_cast<int>(threadIdx.x);
                copy_async(
                    shared + static_cast<uint32_t>(at / pieces * Shape<D>::row_bytes + at % pieces * 16),
                    from + i * kThreads * 16, true);
            }
            return;
        }
    }
#pragma unroll 4
    for (int i = 0; i < steps; ++i) {
        const int at = i * kThreads + static_cast<int>(threadIdx.x), row = at / pieces, piece = at % pieces;
        const int key = gathered ? position[row] : first + row <= last ? first + row : -1;
        const bool valid = key >= 0 && piece * 8 < d;
        const char* from = cache + (valid ? static_cast<int64_t>(key) * row_bytes : 0);
        const int to = row * Shape<D>::row_bytes + piece * 16;
        if constexpr (type == KvType::f16)
            copy_async(shared + static_cast<uint32_t>(to), from + (valid ? piece * 16 : 0), valid);
        else
            *reinterpret_cast<uint4*>(memory + to) =
                valid ? eight_of_q8_0(from, piece * 8) : uint4{0, 0, 0, 0};
    }
}

/// Score of a key before a query's window: not infinite, since a tile may hold no other key of some query,
/// whose sums then count for nothing once one comes. Its own key always does. A power of two, whose product
/// with any scale is exact: such scores are 0 apart.
constexpr float kOutside = -0x1p100f;

/// `gathered`: keys and queries by a head's list, if it has one; the same sums in the same order. `planned`:
/// only tiles of the plan's blocks. `limited`: with a window, a soft cap or both, and neither list nor plan.
template <int D, KvType type, bool gathered, bool planned, bool limited>
__global__ void __launch_bounds__(kThreads, D > 128 ? 1 : 2) attend_tiles(const Walk w) {
    using S = Shape<D>;
    constexpr int F = S::fragments, N = S::keys;
    extern __shared__ __align__(128) char memory[];
    char *q_tile = memory, *k_tile = q_tile + S::rows * S::row_bytes, *v_tile = k_tile + N * S::row_bytes;
    int32_t* positions = reinterpret_cast<int32_t*>(v_tile + N * S::row_bytes);  // (2, N) of even, odd tiles
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int h = static_cast<int>(blockIdx.y), d = w.d;

    // Places are positions, or numbers in the head's list.
    const int count = gathered && w.count ? *w.count : 0;
    const int32_t* list = count > 0 ? w.index + h / w.list_heads * w.index_capacity : nullptr;
    const int begin = list ? first_from(list, count, w.start) : w.start;
    const int end = list ? first_from(list, count, w.start + w.rows) : w.start + w.rows;
    const Stretch stretch(w, begin, end, S::rows);
    const int first = stretch.first, last = stretch.last;
    if (first > last) return;

    for (int at = static_cast<int>(threadIdx.x); at < S::rows * D; at += kThreads) {
        const int r = at / D, c = at % D, place = min(first + r, last);
        const int64_t row = (list ? list[place] : place) - w.start;
        const float value = c < d ? load_value(w.q, w.q_type, row * w.q_stride + h * d + c) : 0.0f;
        *reinterpret_cast<__half*>(q_tile + r * S::row_bytes + c * 2) = to_half(value);
    }

    const int64_t head_bytes = w.capacity * cached_row_bytes(type, d);
    const char *k = w.k + h / w.group * head_bytes, *v = w.v + h / w.group * head_bytes;
    const Steps<planned> steps{stretch.bits(w), last / N + 1, kPlanBlock / N};
    const auto position = [&](int tile) {  // of the key this thread looks up
        const int place = tile * N + static_cast<int>(threadIdx.x) % N;
        return place > last ? -1 : list ? list[place] : place;
    };
    const int nearest = limited && w.window > 0 ? max(0, first + 1 - w.window) / N : 0;
    int ahead = -1, tile = steps.from(nearest), later = steps.from(tile + 1);
    if constexpr (gathered) {
        if (threadIdx.x < N) positions[threadIdx.x] = position(tile);
        if (later < steps.end) ahead = position(later);
        __syncthreads();
    }
    load_tile<D, type, gathered>(shared_address(k_tile), k_tile, k, d, positions, tile * N, last);
    copies_commit();

    float sum[F][D / 8][4] = {}, peak[F][2], total[F][2];
#pragma unroll
    for (int f = 0; f < F; ++f) peak[f][0] = peak[f][1] = -INFINITY, total[f][0] = total[f][1] = 0;
    const uint32_t q_at = shared_address(q_tile) +
                          static_cast<uint32_t>((warp * 16 * F + lane % 16) * S::row_bytes + lane / 16 * 16);
    const uint32_t k_at =
        shared_address(k_tile) +
        static_cast<uint32_t>((lane % 8 + lane / 16 * 8) * S::row_bytes + lane / 8 % 2 * 16);
    const uint32_t v_at =
        shared_address(v_tile) +
        static_cast<uint32_t>((lane % 8 + lane / 8 % 2 * 8) * S::row_bytes + lane / 16 * 16);
    const int my_row = first + warp * 16 * F + lane / 4;  // place of this thread's first row

    for (int turn = 0; tile < steps.end; ++turn) {
        int32_t* here = positions + turn % 2 * N;
        int32_t* next = positions + (turn + 1) % 2 * N;
        copies_wait<0>();
        __syncthreads();  // K is here; V is free
        load_tile<D, type, gathered>(shared_address(v_tile), v_tile, v, d, here, tile * N, last);
        copies_commit();
        if constexpr (gathered) {
            if (threadIdx.x < N) next[threadIdx.x] = ahead;
            const int after = steps.from(later + 1);
            if (after < steps.end) ahead = position(after);
        }

        float s[F][N / 8][4] = {};
#pragma unroll
        for (int c = 0; c < D / 16; ++c) {
            uint32_t a[F][4];
#pragma unroll
            for (int f = 0; f < F; ++f)
                load_tiles(a[f], q_at + static_cast<uint32_t>(f * 16 * S::row_bytes + c * 32));
#pragma unroll
            for (int j = 0; j < N / 16; ++j) {
                uint32_t b[4];
                load_tiles(b, k_at + static_cast<uint32_t>(j * 16 * S::row_bytes + c * 32));
#pragma unroll
                for (int f = 0; f < F; ++f) {
                    multiply_add<__half>(s[f][2 * j], a[f], b[0], b[1]);
                    multiply_add<__half>(s[f][2 * j + 1], a[f], b[2], b[3]);
                }
            }
        }

        copies_wait<0>();
        __syncthreads();  // V is here; K is free
        if (later < steps.end)
            load_tile<D, type, gathered>(shared_address(k_tile), k_tile, k, d, next, later * N, last);
        copies_commit();

        if constexpr (limited) {
            const int before = w.window > 0 ? w.window : INT_MAX;
#pragma unroll
            for (int f = 0; f < F; ++f)
#pragma unroll
                for (int j = 0; j < N / 8; ++j)
#pragma unroll
                    for (int e = 0; e < 4; ++e) {
                        if (w.cap.most > 0) w.cap.soften(s[f][j][e]);
                        const int key = tile * N + j * 8 + lane % 4 * 2 + e % 2;
                        if (my_row + f * 16 + e / 2 * 8 - key >= before) s[f][j][e] = kOutside;
                    }
        }
        if ((tile + 1) * N - 1 > first) {  // the diagonal crosses this tile
#pragma unroll
            for (int f = 0; f < F; ++f)
#pragma unroll
                for (int j = 0; j < N / 8; ++j)
#pragma unroll
                    for (int e = 0; e < 4; ++e)
                        if (tile * N + j * 8 + lane % 4 * 2 + e % 2 > my_row + f * 16 + e / 2 * 8)
                            s[f][j][e] = -INFINITY;
        }
        uint32_t p[F][N / 16][4];
#pragma unroll
        for (int f = 0; f < F; ++f) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                float top = peak[f][half];
#pragma unroll
                for (int j = 0; j < N / 8; ++j)
#pragma unroll
                    for (int e = 2 * half; e < 2 * half + 2; ++e) top = fmaxf(top, s[f][j][e]);
                top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
                top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
                const float old = peak[f][half], shift = top * w.scale;
                peak[f][half] = top;
                float part = 0;
#pragma unroll
                for (int j = 0; j < N / 8; ++j)
#pragma unroll
                    for (int e = 2 * half; e < 2 * half + 2; ++e)
                        part += s[f][j][e] = exp2_fast(fmaf(s[f][j][e], w.scale, -shift));
                // A factor of exactly 1 changes nothing, so rows may skip it together or not.
                const float shrink = exp2_fast((old - top) * w.scale);
                total[f][half] = fmaf(total[f][half], shrink, part);
                if (__any_sync(~0u, shrink != 1.0f)) {
#pragma unroll
                    for (int i = 0; i < D / 8; ++i)
                        sum[f][i][2 * half] *= shrink, sum[f][i][2 * half + 1] *= shrink;
                }
            }
#pragma unroll
            for (int j = 0; j < N / 16; ++j) {
                p[f][j][0] = pack_halves(s[f][2 * j][0], s[f][2 * j][1]);
                p[f][j][1] = pack_halves(s[f][2 * j][2], s[f][2 * j][3]);
                p[f][j][2] = pack_halves(s[f][2 * j + 1][0], s[f][2 * j + 1][1]);
                p[f][j][3] = pack_halves(s[f][2 * j + 1][2], s[f][2 * j + 1][3]);
            }
        }
#pragma unroll
        for (int j = 0; j < N / 16; ++j)
#pragma unroll
            for (int i = 0; i < D / 16; ++i) {
                uint32_t b[4];
                load_tiles_transposed(b, v_at + static_cast<uint32_t>(j * 16 * S::row_bytes + i * 32));
#pragma unroll
                for (int f = 0; f < F; ++f) {
                    multiply_add<__half>(sum[f][2 * i], p[f][j], b[0], b[1]);
                    multiply_add<__half>(sum[f][2 * i + 1], p[f][j], b[2], b[3]);
                }
            }
        tile = later, later = steps.from(later + 1);
    }

#pragma unroll
    for (int f = 0; f < F; ++f)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            float whole = total[f][half];
            whole += __shfl_xor_sync(~0u, whole, 1);
            whole += __shfl_xor_sync(~0u, whole, 2);
            const int place = my_row + f * 16 + half * 8;
            if (place > last) continue;
            const int64_t row = (list ? list[place] : place) - w.start;
            const int64_t out = row * w.out_stride + h * d;
#pragma unroll
            for (int i = 0; i < D / 8; ++i)
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    const int c = i * 8 + lane % 4 * 2 + e;
                    if (c < d) store_value(w.out, w.out_type, out + c, sum[f][i][2 * half + e] / whole);
                }
        }
}

template <int D, KvType type, bool gathered, bool planned = false, bool limited = false>
void launch(CudaBackend& cuda, const Walk& w, int heads) {
    using S = Shape<D>;
    const auto kernel = attend_tiles<D, type, gathered, planned, limited>;
    cuda.allow_shared(reinterpret_cast<const void*>(kernel), S::shared_bytes);
    const dim3 grid(stretches(w, S::rows), static_cast<unsigned>(heads));
    kernel<<<grid, kThreads, S::shared_bytes, cuda.stream>>>(w);
}

template <int D, KvType type>
void launch(CudaBackend& cuda, const Walk& w, int heads) {
    w.limited() ? launch<D, type, false, false, true>(cuda, w, heads)
    : w.plan    ? launch<D, type, true, true>(cuda, w, heads)
    : w.index   ? launch<D, type, true>(cuda, w, heads)
                : launch<D, type, false>(cuda, w, heads);
}

template <int D>
void launch(CudaBackend& cuda, KvType type, const Walk& w, int heads) {
    type == KvType::f16 ? launch<D, KvType::f16>(cuda, w, heads) : launch<D, KvType::q8_0>(cuda, w, heads);
}

void attend_rows(Running& run, const Matrix& q, const KvLayer& kv, int start, const Selection* chosen,
                 const BlockPlan* plan, const Matrix& out) {
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    Walk w{};
    w.q = q.data, w.q_type = q.type, w.q_stride = q.stride;
    w.out = out.data, w.out_type = out.type, w.out_stride = out.stride;
    w.k = static_cast<const char*>(kv.k), w.v = static_cast<const char*>(kv.v);
    w.capacity = kv.capacity, w.d = kv.head_dim, w.group = heads / kv.kv_heads;
    w.rows = static_cast<int>(q.rows), w.start = start, w.list_heads = 1;
    w.scale = SoftCap::scale(kv), w.cap = SoftCap(kv), w.window = static_cast<int>(kv.window);
    assert(!(w.limited() && (chosen || plan)) && "attend: layers with a window or a soft cap are dense");
    if (chosen) {
        w.list_heads = chosen->per_group ? w.group : 1;
        w.index = chosen->index, w.count = chosen->count, w.index_capacity = chosen->capacity;
        w.selected = chosen->rows, w.selected_places = round_up(chosen->capacity, kGatherUnit);
    }
    if (plan) w.plan = plan->mask, w.plan_blocks = plan->blocks;
    if (run.cuda.hopper && !w.limited() && (!chosen || chosen->rows)) {
        if (kv.type == KvType::q8_0) {
            const KvLayer wide = widen(run.cuda, kv, start + w.rows, w.count);
            w.k = static_cast<const char*>(wide.k), w.v = static_cast<const char*>(wide.v);
            w.capacity = wide.capacity;
        }
        return attend_on_hopper(run.cuda, w, heads);
    }
    const auto run_on = w.d <= 64    ? launch<64>
                        : w.d <= 96  ? launch<96>
                        : w.d <= 128 ? launch<128>
                                     : launch<256>;
    run_on(run.cuda, kv.type, w, heads);
}

/// Throws for what no kernel here computes.
void require_shape(const Backend& backend, const KvLayer& kv) {
    if (backend.attends(kv.head_dim, kv.type)) return;
    if (kv.type == KvType::f32)
        throw EngineError(ErrorCode::bad_request, "The GPU keeps K and V in f16 or q8_0, not in f32.",
                          "Choose KV type f16.");
    throw EngineError(ErrorCode::unsupported_model,
                      "The GPU runs heads of up to 256 values in steps of 8; this model's have " +
                          std::to_string(kv.head_dim) + ".",
                      "Choose the CPU for this model.");
}

}  // namespace

SoftCap::SoftCap(const KvLayer& kv) : most(kv.soft_cap) {
    if (most > 0) before = 1.0f / (most * std::sqrt(static_cast<float>(kv.head_dim)));
}

float SoftCap::scale(const KvLayer& kv) {
    constexpr double log2_e = 1.4426950408889634;
    return static_cast<float>(kv.soft_cap > 0 ? log2_e
                                              : log2_e / std::sqrt(static_cast<double>(kv.head_dim)));
}

void attend(Backend& backend, Matrix q, KvLayer kv, int start, Matrix out) {
    require_shape(backend, kv);
    Running run(backend);
    if (run.cancelled() || q.rows == 0) return;
    assert(start + q.rows <= kv.capacity && "attend: the cache holds the rows' own positions");
    if (q.rows == 1) {
        decode(run, q, kv, start + 1, out);
        return run.end("attend");
    }
    attend_rows(run, q, kv, start, nullptr, nullptr, out);
    run.end("attend", 64);
}

void attend_selected(Backend& backend, Matrix q, KvLayer kv, int start, Selection chosen, Matrix out) {
    require_shape(backend, kv);
    if (chosen.keys_only)
        throw EngineError(ErrorCode::bad_request, "On the GPU what a head drops is dropped as key and query.",
                          "Choose the CPU to compare with dropping keys alone.");
    Running run(backend);
    if (run.cancelled() || q.rows == 0) return;
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    clear_unselected(run.cuda.stream, heads, heads / kv.kv_heads, kv.head_dim, start, chosen, out);
    attend_rows(run, q, kv, start, &chosen, nullptr, out);
    run.end("attend_selected", 64);
}

void attend_blocks(Backend& backend, Matrix q, KvLayer kv, int start, BlockPlan plan, Selection chosen,
                   Matrix out) {
    require_shape(backend, kv);
    Running run(backend);
    if (run.cancelled() || q.rows == 0) return;
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    if (chosen.index)
        clear_unselected(run.cuda.stream, heads, heads / kv.kv_heads, kv.head_dim, start, chosen, out);
    attend_rows(run, q, kv, start, chosen.index ? &chosen : nullptr, &plan, out);
    run.end("attend_blocks", 64);
}

}  // namespace longleaf::cuda
