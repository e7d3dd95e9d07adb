// The walk of attend.cu for Hopper, after FlashAttention-3 (arXiv 2407.08608): one thread has the copy engine
// bring tiles of K and V into a ring in shared memory; two warpgroups of 64 queries each multiply them with
// warpgroup products. Scores of the next tile are under way while values of the last are weighed. The engine
// copies tiles, not rows of a list, so what a head selected was gathered before (gather.cu); queries are
// gathered and results scattered here. Keys lie on a grid from place 0, so that a query's sums do not depend
// on which queries share its tile.
#include <cmath>

#include "cuda/attend.h"
#include "cuda/hopper.cuh"

namespace longleaf::cuda {
namespace {

using namespace hopper;

/// D values per row, in boxes of 64; `keys` per tile.
template <int D>
struct Tiles {
    static constexpr int boxes = D / 64, consumers = 2, keys = D > 128 ? 64 : 128, stages = 2;
    static constexpr int rows = consumers * 64, threads = (consumers + 1) * 128;
    static constexpr int box_bytes = keys * 128, tile_bytes = boxes * box_bytes;
    static constexpr int query_bytes = boxes * 64 * 128;  // of one warpgroup
    static constexpr int shared_bytes = consumers * query_bytes + 2 * stages * tile_bytes + 1024;
    static constexpr int producer_registers = 24, consumer_registers = 240;
};

/// The ring: K and V each have `stages` tiles, full when their bytes have arrived, empty when every consumer
/// warp has read them.
template <int D>
struct Ring {
    using T = Tiles<D>;
    uint64_t k_full[T::stages], k_empty[T::stages], v_full[T::stages], v_empty[T::stages];

    __device__ void init() {
        for (int i = 0; i < T::stages; ++i) {
            barrier_init(&k_full[i], 1), barrier_init(&v_full[i], 1);
            barrier_init(&k_empty[i], T::consumers * 4), barrier_init(&v_empty[i], T::consumers * 4);
        }
        barriers_ready();
    }
};

/// What one block works on.
template <bool planned>
struct Work {
    const int32_t* list;   // null: dense
    int first, last;       // places of its queries
    Steps<planned> steps;  // tiles of keys
};

template <bool planned>
__device__ inline Work<planned> work_of(const Walk& w, int rows_per_block, int keys) {
    const int count = w.index ? *w.count : 0;
    const int32_t* list = count > 0 ? w.index + blockIdx.y / w.list_heads * w.index_capacity : nullptr;
    const int begin = list ? first_from(list, count, w.start) : w.start;
    const int end = list ? first_from(list, count, w.start + w.rows) : w.start + w.rows;
    const Stretch stretch(w, begin, end, rows_per_block);
    return {list, stretch.first, stretch.last, {stretch.bits(w), stretch.last / keys + 1, kPlanBlock / keys}};
}

#if LONGLEAF_HOPPER_CODE

/// One thread: all tiles of K and V, planes of the maps. Rows beyond a map's last come as zeros.
template <int D, bool planned>
__device__ void supply(Ring<D>& ring, char* k_tiles, char* v_tiles, const TensorMap& k, const TensorMap& v,
                       int plane, const Steps<planned>& steps) {
    using T = Tiles<D>;
    const auto bring = [&](uint64_t* full, uint64_t* empty, char* to, const TensorMap& map, int tile,
                           int turn) {
        if (turn >= T::stages) barrier_wait(empty, (turn / T::stages + 1) & 1);
        barrier_expect(full, T::tile_bytes);
#pragma unroll
        for (int box = 0; box < T::boxes; ++box)
            load_box(to + box * T::box_bytes, map, box * 64, tile * T::keys, plane, full);
    };
    for (int turn = 0, tile = steps.from(0); tile < steps.end; ++turn, tile = steps.from(tile + 1)) {
        const int stage = turn % T::stages;
        bring(&ring.k_full[stage], &ring.k_empty[stage], k_tiles + stage * T::tile_bytes, k, tile, turn);
        bring(&ring.v_full[stage], &ring.v_empty[stage], v_tiles + stage * T::tile_bytes, v, tile, turn);
    }
}

/// A consumer warpgroup's queries, as f16 in swizzled boxes; rows beyond the last repeat it.
template <int D, bool planned>
__device__ void load_queries(char* to, const Walk& w, const Work<planned>& work, int first) {
    const int thread = static_cast<int>(threadIdx.x) % 128;
    const bool words =
        w.q_type == DType::f16 && w.q_stride % 8 == 0 && reinterpret_cast<uintptr_t>(w.q) % 16 == 0;
    for (int at = thread; at < 64 * (D / 8); at += 128) {
        const int r = at / (D / 8), piece = at % (D / 8), place = min(first + r, work.last);
        const int64_t row = (work.list ? work.list[place] : place) - w.start;
        const int64_t from = row * w.q_stride + blockIdx.y * w.d + piece * 8;
        uint4 packed{0, 0, 0, 0};
        if (piece * 8 < w.d && words) {
            packed = *reinterpret_cast<const uint4*>(static_cast<const __half*>(w.q) + from);
        } else if (piece * 8 < w.d) {
            auto* halves = reinterpret_cast<__half*>(&packed);
            for (int i = 0; i < 8; ++i) halves[i] = to_half(load_value(w.q, w.q_type, from + i));
        }
        *reinterpret_cast<uint4*>(to + piece / 8 * (64 * 128) + swizzled(r, piece % 8)) = packed;
    }
}

/// Softmax of one warpgroup's 64 rows as it goes along; lane l has rows l / 4 and l / 4 + 8 of its warp's 16.
template <int D, int N>
struct Consumer {
    float s[N / 2];         // scores, then probabilities, of one tile
    float sum[D / 2] = {};  // weighed values
    float peak[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};
    uint32_t p[N / 16][4];  // probabilities as f16

    /// Scores become probabilities; returns what earlier sums shrink by. `ahead`: how many places this
    /// thread's first row is before the tile's first key, for tiles the diagonal crosses.
    template <bool masked>
    __device__ void softmax(float scale, int ahead, float (&shrink)[2]) {
        const int column = static_cast<int>(threadIdx.x) % 4 * 2;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            float tops[2] = {peak[half], peak[half]}, part[2] = {0, 0};
#pragma unroll
            for (int i = 0; i < N / 8; ++i)
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    float& x = s[4 * i + 2 * half + e];
                    if (masked && i * 8 + column + e > ahead + half * 8) x = -INFINITY;
                    tops[e] = fmaxf(tops[e], x);
                }
            float top = fmaxf(tops[0], tops[1]);
            top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
            top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
            const float shift = top * scale;
#pragma unroll
            for (int i = 0; i < N / 8; ++i)
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    float& x = s[4 * i + 2 * half + e];
                    part[e] += x = exp2_fast(fmaf(x, scale, -shift));
                }
            shrink[half] = exp2_fast((peak[half] - top) * scale);
            peak[half] = top;
            total[half] = fmaf(total[half], shrink[half], part[0] + part[1]);
        }
    }

    /// A factor of exactly 1 changes nothing, so rows may skip it together or not.
    __device__ void shrink_sums(const float (&shrink)[2]) {
        if (!__any_sync(~0u, shrink[0] != 1.0f || shrink[1] != 1.0f)) return;
#pragma unroll
        for (int i = 0; i < D / 8; ++i)
#pragma unroll
            for (int e = 0; e < 4; ++e) sum[4 * i + e] *= shrink[e / 2];
    }

    __device__ void pack() {
#pragma unroll
        for (int j = 0; j < N / 16; ++j)
#pragma unroll
            for (int i = 0; i < 4; ++i) p[j][i] = pack_halves(s[8 * j + 2 * i], s[8 * j + 2 * i + 1]);
    }

    /// Begins s = q * k^T and commits it.
    __device__ void begin_scores(const char* q, const char* k) {
        using T = Tiles<D>;
        products_begin();
        const uint64_t a = along_rows(q), b = along_rows(k);
#pragma unroll
        for (int c = 0; c < D / 16; ++c)
            multiply_f16(s, a + (c / 4 * (64 * 128) + c % 4 * 32) / 16,
                         b + (c / 4 * T::box_bytes + c % 4 * 32) / 16, c > 0);
        products_commit();
    }

    /// Begins sum += p * v and commits it.
    __device__ void begin_values(const char* v) {
        const uint64_t b = across_rows(v, Tiles<D>::box_bytes);
#pragma unroll
        for (int j = 0; j < N / 16; ++j) multiply_onto(sum, p[j], b + j * 128);
        products_commit();
    }

    template <bool planned>
    __device__ void store(const Walk& w, const Work<planned>& work, int first_place) const {
        const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            float whole = total[half];
            whole += __shfl_xor_sync(~0u, whole, 1);
            whole += __shfl_xor_sync(~0u, whole, 2);
            const int place = first_place + half * 8;
            if (place > work.last) continue;
            const float factor = 1.0f / whole;
            const int64_t row = (work.list ? work.list[place] : place) - w.start;
            const int64_t out = row * w.out_stride + blockIdx.y * w.d;
            // Pairs of columns may be stored as one word.
            const bool pairs =
                w.out_type == DType::f16 && (out % 2 == 0) && reinterpret_cast<uintptr_t>(w.out) % 4 == 0;
#pragma unroll
            for (int i = 0; i < D / 8; ++i) {
                const int c = i * 8 + lane % 4 * 2;
                if (i * 8 >= w.d) continue;  // D is whole eights
                const float x = sum[4 * i + 2 * half] * factor, y = sum[4 * i + 2 * half + 1] * factor;
                if (pairs) {
                    *reinterpret_cast<uint32_t*>(static_cast<__half*>(w.out) + out + c) = pack_halves(x, y);
                } else {
                    store_value(w.out, w.out_type, out + c, x);
                    store_value(w.out, w.out_type, out + c + 1, y);
                }
            }
        }
    }
};

/// First tile from `tile` on. The compiler sees that it is the same in a whole warp; where it is not sure of
/// that, it lets products wait for each other.
template <bool planned>
__device__ int next_tile(const Steps<planned>& steps, int tile) {
    return planned ? __shfl_sync(~0u, steps.from(tile), 0) : tile;
}

/// One consumer warpgroup, `number` from 0.
template <int D, bool planned>
__device__ void consume(Ring<D>& ring, char* queries, const char* k_tiles, const char* v_tiles, const Walk& w,
                        const Work<planned>& work, int number) {
    using T = Tiles<D>;
    constexpr int N = T::keys;
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32 % 4;
    const int first = work.first + number * 64, my_place = first + warp * 16 + lane / 4;
    char* q = queries + number * T::query_bytes;
    load_queries<D>(q, w, work, first);
    writes_visible();
    named_sync(1 + number, 128);

    const auto read = [&](uint64_t* empty) {  // this warp is done with a tile
        if (lane == 0) barrier_arrive(empty);
    };
    Consumer<D, N> c;
    float shrink[2];
    const auto absorb = [&](int tile) {
        if ((tile + 1) * N - 1 > first)
            c.template softmax<true>(w.scale, my_place - tile * N, shrink);
        else
            c.template softmax<false>(w.scale, 0, shrink);
    };
    barrier_wait(&ring.k_full[0], 0);
    c.begin_scores(q, k_tiles);
    products_wait<0>();
    pin(c.s);
    read(&ring.k_empty[0]);
    int turn = 1, tile = next_tile(work.steps, 0);
    absorb(tile);
    c.pack();
    for (tile = next_tile(work.steps, tile + 1); tile < work.steps.end;
         tile = next_tile(work.steps, tile + 1), ++turn) {
        const int stage = turn % T::stages, before = (turn - 1) % T::stages;
        barrier_wait(&ring.k_full[stage], turn / T::stages & 1);
        c.begin_scores(q, k_tiles + stage * T::tile_bytes);
        barrier_wait(&ring.v_full[before], (turn - 1) / T::stages & 1);
        c.begin_values(v_tiles + before * T::tile_bytes);
        products_wait<1>();
        pin(c.s);
        read(&ring.k_empty[stage]);
        absorb(tile);
        products_wait<0>();
        pin(c.sum);
        read(&ring.v_empty[before]);
        c.shrink_sums(shrink);
        c.pack();
    }
    const int stage = (turn - 1) % T::stages;
    barrier_wait(&ring.v_full[stage], (turn - 1) / T::stages & 1);
    products_begin();
    c.begin_values(v_tiles + stage * T::tile_bytes);
    products_wait<0>();
    pin(c.sum);
    c.store(w, work, my_place);
}

#endif

/// Where tiles come from: the cache, (G, places, D), and what each list selected, (H / list_heads, places,
/// D).
struct Sources {
    TensorMap k, v, selected_k, selected_v;
};

template <int D, bool planned>
__global__ void __launch_bounds__(Tiles<D>::threads, 1)
    attend_warpgroups(const Walk w, const __grid_constant__ Sources from) {
#if LONGLEAF_HOPPER_CODE
    using T = Tiles<D>;
    extern __shared__ char raw[];
    __shared__ Ring<D> ring;
    char* queries = raw + (1024 - shared_address(raw) % 1024) % 1024;
    char *k_tiles = queries + T::consumers * T::query_bytes, *v_tiles = k_tiles + T::stages * T::tile_bytes;
    const auto work = work_of<planned>(w, T::rows, T::keys);
    if (work.first > work.last) return;
    const int head = static_cast<int>(blockIdx.y);
    if (threadIdx.x == 0) ring.init();
    __syncthreads();
    const int warpgroup = static_cast<int>(threadIdx.x) / 128;
    if (warpgroup == 0) {
        shrink_registers<T::producer_registers>();
        if (threadIdx.x > 0) return;
        if (work.list)
            supply<D>(ring, k_tiles, v_tiles, from.selected_k, from.selected_v, head / w.list_heads,
                      work.steps);
        else
            supply<D>(ring, k_tiles, v_tiles, from.k, from.v, head / w.group, work.steps);
    } else {
        grow_registers<T::consumer_registers>();
        consume<D>(ring, queries, k_tiles, v_tiles, w, work, warpgroup - 1);
    }
#endif
}

template <int D, bool planned>
void launch(CudaBackend& cuda, const Walk& w, int heads) {
    using T = Tiles<D>;
    const auto kernel = attend_warpgroups<D, planned>;
    cuda.allow_shared(reinterpret_cast<const void*>(kernel), T::shared_bytes);
    const auto map = [&](const void* rows, int64_t places, int planes, int64_t plane_places) {
        return make_tensor_map(rows, w.d, places, w.d, planes, plane_places * w.d, T::keys);
    };
    const int kv_heads = heads / w.group;
    Sources from{};
    from.k = map(w.k, w.start + w.rows, kv_heads, w.capacity);
    from.v = map(w.v, w.start + w.rows, kv_heads, w.capacity);
    if (w.index) {
        const int lists = heads / w.list_heads;
        from.selected_k = map(w.selected, w.selected_places, lists, w.selected_places);
        from.selected_v = map(static_cast<const char*>(w.selected) + lists * w.selected_places * w.d * 2,
                              w.selected_places, lists, w.selected_places);
    }
    const dim3 grid(stretches(w, T::rows), static_cast<unsigned>(heads));
    kernel<<<grid, T::threads, T::shared_bytes, cuda.stream>>>(w, from);
}

template <int D>
void launch(CudaBackend& cuda, const Walk& w, int heads) {
    w.plan ? launch<D, true>(cuda, w, heads) : launch<D, false>(cuda, w, heads);
}

}  // namespace

void attend_on_hopper(CudaBackend& cuda, const Walk& w, int heads) {
    const auto run_on = w.d <= 64 ? launch<64> : w.d <= 128 ? launch<128> : launch<256>;
    run_on(cuda, w, heads);
}

}  // namespace longleaf::cuda
