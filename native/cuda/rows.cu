// Ops on rows of activations: embed, rmsnorm, rope, swiglu, kv_write. Each row is computed by itself in a
// fixed order, in f32 whatever it is kept in. Bound by memory: each reads and writes every element once, in
// accesses of 16 bytes where rows keep to them. A row alone is chained (chain.cuh): before it waits, a kernel
// reads weights and finds angles, which no kernel writes.
#include <cassert>

#include "cuda/chain.cuh"
#include "cuda/cuda.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 256;

/// Whether groups of `count` values of every row start where a whole access can.
bool aligned(const Matrix& m, int count) {
    const auto bytes = static_cast<int64_t>(row_bytes(m.type, static_cast<size_t>(count)));
    const int64_t unit = bytes < 16 ? bytes : 16;
    return m.stride % count == 0 && reinterpret_cast<uintptr_t>(m.data) % static_cast<uintptr_t>(unit) == 0;
}

template <DType type>
__global__ void embed_rows(const Weight table, const int32_t* ids, float* out, int64_t stride) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    let_next_begin();
    wait_for_earlier();
    if (c < table.cols) out[blockIdx.y * stride + c] = element<type>(table, ids[blockIdx.y], c);
}

/// Four values from c on; zeros beyond `cols`.
__device__ inline void load_four(float (&to)[4], const float* row, int c, int cols, bool whole) {
    if (c + 4 <= cols) return load_values(to, row + c, whole);
#pragma unroll
    for (int i = 0; i < 4; ++i) to[i] = c + i < cols ? row[c + i] : 0.0f;
}

/// One block per row, which stays in registers up to kKept fours per thread.
template <class Out>
__global__ void __launch_bounds__(kThreads)
    norm_rows(const float* x, int64_t x_stride, bool x_whole, const float* weight, bool weight_whole,
              int cols, float eps, Out* out, int64_t out_stride, bool out_whole) {
    constexpr int kKept = 4;
    __shared__ float sums[kThreads / 32];
    const float* row = x + blockIdx.x * x_stride;
    const int first = static_cast<int>(threadIdx.x) * 4;
    float kept[kKept][4], weights[kKept][4], squares = 0;
    const auto add = [&](const float(&v)[4]) {
#pragma unroll
        for (const float value : v) squares = fmaf(value, value, squares);
    };
    let_next_begin();
#pragma unroll
    for (int i = 0; i < kKept; ++i)
        load_four(weights[i], weight, first + i * kThreads * 4, cols, weight_whole);
    wait_for_earlier();
#pragma unroll
    for (int i = 0; i < kKept; ++i) load_four(kept[i], row, first + i * kThreads * 4, cols, x_whole);
#pragma unroll
    for (const auto& four : kept) add(four);
    for (int c = first + kKept * kThreads * 4; c < cols; c += kThreads * 4) {
        float four[4];
        load_four(four, row, c, cols, x_whole);
        add(four);
    }
    squares = warp_sum(squares);
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = squares;
    __syncthreads();
    float total = 0;
    for (float sum : sums) total += sum;
    const float scale = 1.0f / sqrtf(total / static_cast<float>(cols) + eps);
    Out* to = out + blockIdx.x * out_stride;
    const auto store = [&](const float(&v)[4], const float(&w)[4], int c) {
        float scaled[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) scaled[i] = v[i] * scale * w[i];
        if (c + 4 <= cols) return store_values(to + c, scaled, out_whole);
#pragma unroll
        for (int i = 0; i < 4; ++i)
            if (c + i < cols) to[c + i] = narrow<Out>(scaled[i]);
    };
#pragma unroll
    for (int i = 0; i < kKept; ++i) store(kept[i], weights[i], first + i * kThreads * 4);
    for (int c = first + kKept * kThreads * 4; c < cols; c += kThreads * 4) {
        float four[4], w[4];
        load_four(four, row, c, cols, x_whole), load_four(w, weight, c, cols, weight_whole);
        store(four, w, c);
    }
}

/// Sine and cosine of position * theta. The angle is reduced in double: at 128K positions a float one is off
/// by 4e-3.
__device__ void turn(int position, float theta, float& sine, float& cosine) {
    const double angle = static_cast<double>(position) * static_cast<double>(theta);
    const double quarter = rint(angle * 0.63661977236758134308);
    sincosf(static_cast<float>(fma(quarter, -1.57079632679489661923, angle)), &sine, &cosine);
    const int quadrant = static_cast<int>(static_cast<long long>(quarter) & 3);
    if (quadrant & 1) {
        const float s = sine;
        sine = cosine, cosine = -s;
    }
    if (quadrant & 2) sine = -sine, cosine = -cosine;
}

/// One way of rounding for all kernels.
__device__ inline float turned_left(float left, float right, float sine, float cosine) {
    return __fmaf_rn(left, cosine, -__fmul_rn(right, sine));
}
__device__ inline float turned_right(float left, float right, float sine, float cosine) {
    return __fmaf_rn(left, sine, __fmul_rn(right, cosine));
}

/// A few rows per block: their angles once, then N pairs of one head per step of a thread. A pair is value i
/// of each half of the head, or, if not neox, two neighbours.
template <class T, int N, bool neox>
__global__ void __launch_bounds__(kThreads) rope_rows(T* x, int64_t stride, int rows, int cols,
                                                      const RopeTable table, int start, int rows_per_block) {
    extern __shared__ float2 angles[];  // (rows_per_block, rotated / 2): cosine, sine
    const int d = table.head_dim, half = table.rotated / 2,
              first = static_cast<int>(blockIdx.x) * rows_per_block;
    const int mine = min(rows_per_block, rows - first);
    let_next_begin();
    for (int at = static_cast<int>(threadIdx.x); at < mine * half; at += kThreads) {
        turn(start + first + at / half, table.inv_freq[at % half], angles[at].y, angles[at].x);
        angles[at].x *= table.magnitude, angles[at].y *= table.magnitude;
    }
    wait_for_earlier();
    __syncthreads();
    const int groups = half / N, steps = cols / d * groups;
    for (int at = static_cast<int>(threadIdx.x); at < mine * steps; at += kThreads) {
        const int r = at / steps, step = at % steps, group = step % groups;
        T* head = x + (first + r) * stride + step / groups * d;
        T* const part[2] = {head + group * N * (neox ? 1 : 2),
                            head + (neox ? half + group * N : group * N * 2 + N)};
        const float2* turns = angles + r * half + group * N;
        float v[2][N];
        load_values(v[0], part[0], N > 1), load_values(v[1], part[1], N > 1);
#pragma unroll
        for (int i = 0; i < N; ++i) {
            const int a = neox ? i : 2 * i, b = neox ? N + i : 2 * i + 1;
            const float left = v[a / N][a % N], right = v[b / N][b % N];
            v[a / N][a % N] = turned_left(left, right, turns[i].y, turns[i].x);
            v[b / N][b % N] = turned_right(left, right, turns[i].y, turns[i].x);
        }
        store_values(part[0], v[0], N > 1), store_values(part[1], v[1], N > 1);
    }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    swiglu_rows(T* gate, int64_t gate_stride, const T* up, int64_t up_stride, int cols, bool whole) {
    const int c = static_cast<int>(blockIdx.x * kThreads + threadIdx.x) * 8;
    T* to = gate + blockIdx.y * gate_stride;
    const T* from = up + blockIdx.y * up_stride;
    const auto product = [](float g, float u) { return g / (1.0f + expf(-g)) * u; };
    if (c + 8 <= cols) {
        float g[8], u[8];
        load_values(g, to + c, whole), load_values(u, from + c, whole);
#pragma unroll
        for (int i = 0; i < 8; ++i) g[i] = product(g[i], u[i]);
        store_values(to + c, g, whole);
    } else {
        for (int i = c; i < cols; ++i) to[i] = narrow<T>(product(widen(to[i]), widen(from[i])));
    }
}

/// Eight values per thread. blockIdx: (part of a row, token, k or v).
template <class T>
__global__ void store_f16(const T* k, int64_t k_stride, const T* v, int64_t v_stride, bool whole, int cols,
                          int d, int64_t capacity, int64_t start, __half* k_cache, __half* v_cache) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * 8;
    let_next_begin();
    wait_for_earlier();
    if (c >= cols) return;
    const int64_t at = (c / d * capacity + start + blockIdx.y) * d + c % d;
    float values[8];
    load_values(values, blockIdx.z == 0 ? k + blockIdx.y * k_stride + c : v + blockIdx.y * v_stride + c,
                whole);
    store_values((blockIdx.z == 0 ? k_cache : v_cache) + at, values, true);
}

/// A value per lane. Rounds as the CPU does: its bytes are the oracle.
__device__ inline void store_block(float value, BlockQ8_0& to) {
    const float step = __fdiv_rn(warp_max(fabsf(value)), 127.0f);
    const float inverse = step > 0 ? __fdiv_rn(1.0f, step) : 0;
    const float q = rintf(__fmul_rn(value, inverse));
    if (threadIdx.x % 32 == 0) to.d = __half_as_ushort(__float2half_rn(step));
    to.q[threadIdx.x % 32] = static_cast<int8_t>(q >= -127.0f ? fminf(q, 127.0f) : -127.0f);
}

/// One warp per block of 32 values.
template <class T>
__global__ void store_q8_0(const T* k, int64_t k_stride, const T* v, int64_t v_stride, bool, int cols, int d,
                           int64_t capacity, int64_t start, BlockQ8_0* k_cache, BlockQ8_0* v_cache) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    let_next_begin();
    wait_for_earlier();
    if (c >= cols) return;
    const float value = widen(blockIdx.z == 0 ? k[blockIdx.y * k_stride + c] : v[blockIdx.y * v_stride + c]);
    const int64_t block = (c / d * capacity + start + blockIdx.y) * (d / 32) + c % d / 32;
    store_block(value, (blockIdx.z == 0 ? k_cache : v_cache)[block]);
}

constexpr int kWidestHead = 256;

/// What rope and kv_write do to a row alone, in one launch.
struct RowToStore {
    float *q, *k, *v;
    int heads, position;
    RopeTable table;
    KvLayer kv;
};

/// blockIdx: a head of q, then of k, then of v. A thread per pair.
__global__ void __launch_bounds__(kWidestHead / 2) rope_and_store_head(const RowToStore r) {
    __shared__ float head[kWidestHead];
    const int d = r.kv.head_dim, i = static_cast<int>(threadIdx.x);
    const int from_k = static_cast<int>(blockIdx.x) - r.heads, from_v = from_k - r.kv.kv_heads;
    float* const row = from_k < 0 ? r.q + blockIdx.x * d : from_v < 0 ? r.k + from_k * d : r.v + from_v * d;
    const bool turns = from_v < 0;
    const int half = (turns ? r.table.rotated : d) / 2;
    let_next_begin();
    float sine = 0, cosine = 1;
    if (turns && i < half) turn(r.position, r.table.inv_freq[i], sine, cosine);
    sine *= r.table.magnitude, cosine *= r.table.magnitude;
    wait_for_earlier();
    if (i < half) {
        const int a = r.table.neox ? i : 2 * i, b = r.table.neox ? half + i : 2 * i + 1;
        const float left = row[a], right = row[b];
        head[a] = turns ? turned_left(left, right, sine, cosine) : left;
        head[b] = turns ? turned_right(left, right, sine, cosine) : right;
        if (turns) row[a] = head[a], row[b] = head[b];
    }
    for (int c = 2 * half + i; c < d; c += kWidestHead / 2) head[c] = row[c];
    if (from_k < 0) return;
    __syncthreads();
    void* const cache = turns ? r.kv.k : r.kv.v;
    const int64_t at = (turns ? from_k : from_v) * r.kv.capacity + r.position;
    for (int c = i; c < d; c += kWidestHead / 2)
        if (r.kv.type == KvType::f16)
            static_cast<__half*>(cache)[at * d + c] = to_half(head[c]);
        else
            store_block(head[c], static_cast<BlockQ8_0*>(cache)[at * (d / 32) + c / 32]);
}

dim3 row_grid(int64_t cols, int64_t rows, int per_thread, unsigned planes = 1) {
    return dim3(parts(cols, kThreads * per_thread), static_cast<unsigned>(rows), planes);
}

}  // namespace

void embed(Backend& backend, const Tensor& table, const int32_t* ids, Matrix out) {
    Running run(backend);
    if (run.cancelled() || out.rows == 0) return;
    assert(out.type == DType::f32 && "embed: the residual stream is f32");
    with_type(table.type, [&](auto type) {
        launch_rows(run.cuda, out.rows, embed_rows<decltype(type)::value>, row_grid(out.cols, out.rows, 1),
                    kThreads, 0, Weight(table), ids, data(out), out.stride);
    });
    run.end("embed");
}

void rmsnorm(Backend& backend, Matrix x, const Tensor& weight, float eps, Matrix out) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    assert(x.type == DType::f32 && "rmsnorm: the residual stream is f32");
    const bool weight_whole = reinterpret_cast<uintptr_t>(weight.data) % 16 == 0;
    with_activation(out.type, [&](auto* of) {
        using T = std::remove_pointer_t<decltype(of)>;
        launch_rows(run.cuda, x.rows, norm_rows<T>, dim3(static_cast<unsigned>(x.rows)), kThreads, 0, data(x),
                    x.stride, aligned(x, 4), static_cast<const float*>(weight.data), weight_whole,
                    static_cast<int>(x.cols), eps, static_cast<T*>(out.data), out.stride, aligned(out, 4));
    });
    run.end("rmsnorm");
}

void rope(Backend& backend, Matrix x, const RopeTable& table, int start) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    const int half = table.rotated / 2, rows = x.rows < 4 ? 1 : 4;
    with_activation(x.type, [&](auto* of) {
        using T = std::remove_pointer_t<decltype(of)>;
        const bool eights = half % 8 == 0 && table.head_dim % 8 == 0 && aligned(x, 8);
        const auto kernel = table.neox ? (eights ? rope_rows<T, 8, true> : rope_rows<T, 1, true>)
                                       : (eights ? rope_rows<T, 8, false> : rope_rows<T, 1, false>);
        launch_rows(run.cuda, x.rows, kernel, dim3(parts(x.rows, rows)), kThreads,
                    rows * half * static_cast<int>(sizeof(float2)), static_cast<T*>(x.data), x.stride,
                    static_cast<int>(x.rows), static_cast<int>(x.cols), table, start, rows);
    });
    run.end("rope");
}

void swiglu(Backend& backend, Matrix gate, Matrix up) {
    Running run(backend);
    if (run.cancelled() || gate.rows == 0) return;
    assert(gate.type == up.type && "swiglu: gate and up are of one type");
    with_activation(gate.type, [&](auto* of) {
        swiglu_rows<<<row_grid(gate.cols, gate.rows, 8), kThreads, 0, run.cuda.stream>>>(
            static_cast<decltype(of)>(gate.data), gate.stride, static_cast<decltype(of)>(up.data), up.stride,
            static_cast<int>(gate.cols), aligned(gate, 8) && aligned(up, 8));
    });
    run.end("swiglu");
}

void kv_write(Backend& backend, Matrix k, Matrix v, KvLayer kv, int start) {
    Running run(backend);
    if (run.cancelled() || k.rows == 0) return;
    assert(start + k.rows <= kv.capacity && "kv_write: the cache holds the positions written");
    assert(k.type == v.type && "kv_write: k and v are of one type");
    assert(kv.head_dim % 8 == 0 && "kv_write: the heads that attend takes");
    const bool f16 = kv.type == KvType::f16;
    with_activation(k.type, [&](auto* of) {
        using T = std::remove_pointer_t<decltype(of)>;
        const auto store = [&](auto kernel, auto* to_k, auto* to_v) {
            launch_rows(run.cuda, k.rows, kernel, row_grid(k.cols, k.rows, f16 ? 8 : 1, 2), kThreads, 0,
                        static_cast<const T*>(k.data), k.stride, static_cast<const T*>(v.data), v.stride,
                        aligned(k, 8) && aligned(v, 8), static_cast<int>(k.cols), kv.head_dim, kv.capacity,
                        start, to_k, to_v);
        };
        if (f16)
            store(store_f16<T>, static_cast<__half*>(kv.k), static_cast<__half*>(kv.v));
        else
            store(store_q8_0<T>, static_cast<BlockQ8_0*>(kv.k), static_cast<BlockQ8_0*>(kv.v));
    });
    run.end("kv_write");
}

void rope_and_store(Backend& backend, Matrix q, Matrix k, Matrix v, const RopeTable& table, KvLayer kv,
                    int start) {
    const bool f32 = q.type == DType::f32 && k.type == DType::f32 && v.type == DType::f32;
    if (q.rows != 1 || !f32 || kv.head_dim > kWidestHead) {
        rope(backend, q, table, start);
        rope(backend, k, table, start);
        return kv_write(backend, k, v, kv, start);
    }
    Running run(backend);
    if (run.cancelled()) return;
    assert(start < kv.capacity && "rope_and_store: the cache holds the position written");
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    launch_chained(run.cuda, rope_and_store_head, dim3(static_cast<unsigned>(heads + 2 * kv.kv_heads)),
                   kWidestHead / 2, 0, {data(q), data(k), data(v), heads, start, table, kv});
    run.end("rope_and_store");
}

}  // namespace longleaf::cuda
