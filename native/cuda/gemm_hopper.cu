// The product for compute capability 9.0. A block computes tiles of 128 x 256: one warp keeps a ring of
// stages filled by tensor copies, two warpgroups multiply, 64 rows each. Blocks run in pairs, one above the
// other, that share their part of w: each fetches half of it for both. Blocks stay and walk over tiles, so
// that the ring already fills for the next tile while results are stored.
#include <algorithm>

#include "cuda/cuda.h"
#include "cuda/gemm.cuh"
#include "cuda/hopper.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kRows = 128, kCols = 256, kDepth = 64, kStages = 4, kThreads = 384;
constexpr int kHalf = 128;                      // rows of w per copy
constexpr int kHalfBytes = kHalf * kDepth * 2;  // also of the tile of x
constexpr int kStageBytes = 3 * kHalfBytes;     // x, then the halves of w
constexpr int kSharedBytes = kStages * kStageBytes + 2 * kStages * 8;

/// Where results go, and how many tiles there are.
struct Walk {
    void* out;
    int64_t stride;
    int rows, cols, depth;
    int tall, wide;  // pairs of tiles above, tiles beside each other
    bool whole, add;
};

#if LONGLEAF_HOPPER_CODE

constexpr int kGroup = 8;  // pairs of blocks above each other that share w in the second-level cache

/// Tiles in stripes of kGroup, each from left to right, top to bottom within.
__device__ inline void place(const Walk& w, int unit, int& pair, int& column) {
    const int stripe = unit / (kGroup * w.wide), within = unit % (kGroup * w.wide);
    const int height = min(kGroup, w.tall - stripe * kGroup);
    pair = stripe * kGroup + within % height, column = within / height;
}

__device__ inline uint32_t rank_in_cluster() {
    uint32_t rank;
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}
__device__ inline void cluster_sync() {
    asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
}
/// Arrives at the barrier of the same place in block `rank` of the cluster.
__device__ inline void arrive_at(uint64_t* barrier, uint32_t rank) {
    asm volatile(
        "{\n.reg .b32 there;\nmapa.shared::cluster.u32 there, %0, %1;\n"
        "mbarrier.arrive.shared::cluster.b64 _, [there];\n}\n" ::"r"(shared_address(barrier)),
        "r"(rank)
        : "memory");
}
/// load_box into the same place of both blocks, and on both their barriers.
__device__ inline void load_box_of_both(void* to, const TensorMap& map, int column, int row,
                                        uint64_t* barrier) {
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster "
        "[%0], [%1, {%3, %4, %5}], [%2], %6;" ::"r"(shared_address(to)),
        "l"(reinterpret_cast<uint64_t>(&map)), "r"(shared_address(barrier)), "r"(column), "r"(row), "r"(0),
        "h"(static_cast<uint16_t>(3))
        : "memory");
}

template <class H>
__device__ inline void multiply(float (&c)[128], uint64_t a, uint64_t b, bool onto) {
    if constexpr (std::is_same_v<H, __half>)
        hopper::multiply_f16(c, a, b, onto);
    else
        hopper::multiply_bf16(c, a, b, onto);
}

template <class H>
__device__ inline uint32_t pack(float low, float high) {
    if constexpr (std::is_same_v<H, __half>) {
        const __half2 most = __half2half2(__ushort_as_half(0x7bff));
        __half2 pair = __floats2half2_rn(low, high);
        pair = __hmax2_nan(__hmin2_nan(pair, most), __hneg2(most));  // infinity to the largest value
        return reinterpret_cast<const uint32_t&>(pair);
    } else {
        const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
        return reinterpret_cast<const uint32_t&>(pair);
    }
}

/// Adds where the values lie, so that nothing waits for them. Each value is added to once: no order to vary.
__device__ inline void add_four(float* to, const float (&v)[4]) {
    asm volatile("red.relaxed.gpu.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(to), "f"(v[0]), "f"(v[1]),
                 "f"(v[2]), "f"(v[3])
                 : "memory");
}

/// Exchanges a and b between lanes whose numbers differ in `bit`: b of the lower with a of the upper.
template <class T>
__device__ inline void exchange(T& a, T& b, int bit) {
    const bool upper = threadIdx.x & bit;
    const T got = __shfl_xor_sync(~0u, upper ? a : b, bit);
    (upper ? a : b) = got;
}

/// Stores 32 columns of two rows, 8 apart, of a product's registers. Four lanes hold a row of 8 columns in
/// pairs; exchanged, each holds 16 bytes that lie together.
template <class Out>
__device__ inline void store_block(const Walk& w, const float* c, int row, int col) {
    const int lane = static_cast<int>(threadIdx.x) % 4;
    Out* const out = static_cast<Out*>(w.out);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        const int r = row + half * 8;
        Out* const to = out + r * w.stride;
        if constexpr (std::is_same_v<Out, float>) {
#pragma unroll
            for (int i = 0; i < 4; i += 2) {
                // Of blocks i and i + 1, lanes 0 and 2 take the first, 1 and 3 the second.
                float v[4] = {c[4 * i + 2 * half], c[4 * i + 2 * half + 1], c[4 * i + 4 + 2 * half],
                              c[4 * i + 5 + 2 * half]};
                exchange(v[0], v[2], 1), exchange(v[1], v[3], 1);
                const int at = col + (i + lane % 2) * 8 + lane / 2 * 4;
                if (r >= w.rows || at >= w.cols) continue;
                const bool four = w.whole && at + 4 <= w.cols;
                if (four && w.add)
                    add_four(to + at, v);
                else if (four)
                    store_values(to + at, v, true);
                else
#pragma unroll
                    for (int e = 0; e < 4; ++e)
                        if (at + e < w.cols) to[at + e] = v[e] + (w.add ? to[at + e] : 0.0f);
            }
        } else {
            uint32_t v[4];
#pragma unroll
            for (int i = 0; i < 4; ++i) v[i] = pack<Out>(c[4 * i + 2 * half], c[4 * i + 2 * half + 1]);
            exchange(v[0], v[1], 1), exchange(v[2], v[3], 1);
            exchange(v[0], v[2], 2), exchange(v[1], v[3], 2);
            const int at = col + lane * 8;
            if (r >= w.rows || at >= w.cols) continue;
            if (w.whole && at + 8 <= w.cols) {
                *reinterpret_cast<uint4*>(to + at) = {v[0], v[1], v[2], v[3]};
            } else {
#pragma unroll
                for (int e = 0; e < 8; ++e)
                    if (at + e < w.cols) to[at + e] = reinterpret_cast<const Out*>(v)[e];
            }
        }
    }
}

/// The stage of a step, and how often the ring has come round to it.
struct Ring {
    int stage = 0;
    uint32_t round = 0;
    __device__ void next() {
        if (++stage == kStages) stage = 0, ++round;
    }
};

#endif

/// `gated`: a tile is 128 columns of w and the same 128 of `up`, and silu of the one times the other is
/// stored.
template <class H, class Out, int kPair, bool gated>
__global__ void __launch_bounds__(kThreads, 1)
    gemm_pairs(const __grid_constant__ TensorMap x, const __grid_constant__ TensorMap w,
               const __grid_constant__ TensorMap up, const Walk walk) {
#if LONGLEAF_HOPPER_CODE
    using namespace hopper;
    extern __shared__ __align__(1024) char memory[];
    uint64_t* const full = reinterpret_cast<uint64_t*>(memory + kStages * kStageBytes);
    uint64_t* const empty = full + kStages;
    const uint32_t rank = kPair > 1 ? rank_in_cluster() : 0;
    const int warpgroup = static_cast<int>(threadIdx.x) / 128;
    const int first = static_cast<int>(blockIdx.x) / kPair, step = static_cast<int>(gridDim.x) / kPair;
    const int units = walk.tall * walk.wide, depth_steps = (walk.depth + kDepth - 1) / kDepth;
    constexpr int kTileCols = gated ? kCols / 2 : kCols;
    if (threadIdx.x == 0) {
        for (int i = 0; i < kStages; ++i) barrier_init(full + i, 1), barrier_init(empty + i, 8 * kPair);
        barriers_ready();
    }
    kPair > 1 ? cluster_sync() : __syncthreads();

    Ring ring;
    if (warpgroup == 0) {
        shrink_registers<40>();
        if (threadIdx.x == 0) {
            for (int unit = first; unit < units; unit += step) {
                int pair, column;
                place(walk, unit, pair, column);
                const int row = (pair * kPair + static_cast<int>(rank)) * kRows, col = column * kTileCols;
                for (int k = 0; k < depth_steps; ++k, ring.next()) {
                    char* const stage = memory + ring.stage * kStageBytes;
                    uint64_t* const here = full + ring.stage;
                    barrier_wait(empty + ring.stage, (ring.round & 1) ^ 1);
                    barrier_expect(here, kStageBytes);
                    load_box(stage, x, k * kDepth, row, 0, here);
#pragma unroll
                    for (int half = 0; half < 2; ++half) {
                        const TensorMap& from = gated && half ? up : w;
                        char* const to = stage + (1 + half) * kHalfBytes;
                        const int at = col + (gated ? 0 : half * kHalf);
                        if constexpr (kPair == 1)
                            load_box(to, from, k * kDepth, at, 0, here);
                        else if (rank == static_cast<uint32_t>(half))
                            load_box_of_both(to, from, k * kDepth, at, here);
                    }
                }
            }
        }
        __syncwarp();
    } else {
        grow_registers<232>();
        const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32 % 4;
        const auto release = [&](int stage) {  // by every warp, to both producers
            if (lane > 0) return;
            barrier_arrive(empty + stage);
            if constexpr (kPair > 1) arrive_at(empty + stage, rank ^ 1);
        };
        for (int unit = first; unit < units; unit += step) {
            float sum[128];
            int last = 0;
            for (int k = 0; k < depth_steps; ++k, ring.next()) {
                const char* const stage = memory + ring.stage * kStageBytes;
                barrier_wait(full + ring.stage, ring.round & 1);
                const uint64_t a = along_rows(stage + (warpgroup - 1) * (kHalfBytes / 2));
                const uint64_t b = along_rows(stage + kHalfBytes);
                products_begin();
#pragma unroll
                for (int i = 0; i < kDepth / 16; ++i) multiply<H>(sum, a + 2 * i, b + 2 * i, k > 0 || i > 0);
                products_commit();
                products_wait<1>();
                if (k > 0) release(last);
                last = ring.stage;
            }
            products_wait<0>();
            pin(sum);
            release(last);

            int pair, column;
            place(walk, unit, pair, column);
            const int row =
                (pair * kPair + static_cast<int>(rank)) * kRows + (warpgroup - 1) * 64 + warp * 16 + lane / 4;
            const int col = column * kTileCols;
            if constexpr (gated) {
#pragma unroll
                for (int i = 0; i < 64; ++i)
                    sum[i] = __fdividef(sum[i], 1.0f + __expf(-sum[i])) * sum[64 + i];
            }
#pragma unroll
            for (int i = 0; i < kTileCols / 32; ++i) store_block<Out>(walk, sum + 16 * i, row, col + 32 * i);
        }
    }
    if constexpr (kPair > 1) cluster_sync();  // the other block may still write here
#endif
}

template <class H, class Out, int kPair, bool gated>
void launch(CudaBackend& cuda, const Product& p) {
    const auto kernel = gemm_pairs<H, Out, kPair, gated>;
    cuda.allow_shared(reinterpret_cast<const void*>(kernel), kSharedBytes);
    const Matrix& out = p.out;
    Walk walk{out.data, out.stride, static_cast<int>(out.rows), static_cast<int>(out.cols), p.depth};
    walk.tall = static_cast<int>(parts(out.rows, kRows * kPair));
    walk.wide = static_cast<int>(parts(out.cols, gated ? kCols / 2 : kCols));
    walk.whole = reinterpret_cast<uintptr_t>(out.data) % 16 == 0 &&
                 out.stride % static_cast<int64_t>(16 / sizeof(Out)) == 0;
    walk.add = p.add;
    const auto map = [&](const void* rows, int64_t count, int64_t stride, int box) {
        return make_tensor_map(rows, p.depth, count, stride, 1, count * stride, box);
    };
    const TensorMap x = map(p.x, out.rows, p.x_stride, kRows), w = map(p.w, out.cols, p.w_stride, kHalf),
                    up = gated ? map(p.up, out.cols, p.w_stride, kHalf) : w;
    cudaLaunchAttribute cluster{};
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = kPair, cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
    cudaLaunchConfig_t config{};
    config.gridDim =
        static_cast<unsigned>(kPair * std::min(walk.tall * walk.wide, cuda.multiprocessors / kPair));
    config.blockDim = kThreads, config.dynamicSmemBytes = kSharedBytes, config.stream = cuda.stream;
    config.attrs = &cluster, config.numAttrs = kPair > 1 ? 1 : 0;
    check(cudaLaunchKernelEx(&config, kernel, x, w, up, static_cast<const Walk>(walk)), "a product");
}

template <class H, class Out, bool gated>
void launch(CudaBackend& cuda, const Product& p) {
    p.out.rows > kRows ? launch<H, Out, 2, gated>(cuda, p) : launch<H, Out, 1, gated>(cuda, p);
}

}  // namespace

void gemm_hopper(CudaBackend& cuda, const Product& p) {
    const bool bf16 = p.type == DType::bf16;
    const auto run =
        p.up ? (bf16 ? launch<__nv_bfloat16, __nv_bfloat16, true> : launch<__half, __half, true>)
        : p.out.type == DType::f32
            ? (bf16 ? launch<__nv_bfloat16, float, false> : launch<__half, float, false>)
            : (bf16 ? launch<__nv_bfloat16, __nv_bfloat16, false> : launch<__half, __half, false>);
    run(cuda, p);
}

}  // namespace longleaf::cuda
