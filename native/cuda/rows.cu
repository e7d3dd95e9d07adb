// Ops on rows of activations: embed, rmsnorm, rope, swiglu, kv_write. Each row is computed by itself in a
// fixed order. Bound by memory: each reads and writes every element once.
#include <cassert>

#include "cuda/cuda.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

template <DType type>
__global__ void embed_rows(const Weight table, const int32_t* ids, float* out, int64_t stride) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (c < table.cols) out[blockIdx.y * stride + c] = element<type>(table, ids[blockIdx.y], c);
}

constexpr int kNormThreads = 256;

__global__ void norm_rows(const float* x, int64_t x_stride, const float* weight, int cols, float eps,
                          float* out, int64_t out_stride) {
    __shared__ float sums[kNormThreads / 32];
    const float* row = x + blockIdx.x * x_stride;
    float squares = 0;
    for (int c = static_cast<int>(threadIdx.x); c < cols; c += kNormThreads) squares += row[c] * row[c];
    squares = warp_sum(squares);
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = squares;
    __syncthreads();
    float total = 0;
    for (float sum : sums) total += sum;
    const float scale = 1.0f / sqrtf(total / static_cast<float>(cols) + eps);
    for (int c = static_cast<int>(threadIdx.x); c < cols; c += kNormThreads)
        out[blockIdx.x * out_stride + c] = row[c] * scale * weight[c];
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

/// One block per row; a thread turns the same pair of every head.
__global__ void rope_rows(float* x, int64_t stride, int cols, const float* inv_freq, int d, bool neox,
                          int start) {
    float* row = x + blockIdx.x * stride;
    const int half = d / 2;
    for (int i = static_cast<int>(threadIdx.x); i < half; i += static_cast<int>(blockDim.x)) {
        float sine, cosine;
        turn(start + static_cast<int>(blockIdx.x), inv_freq[i], sine, cosine);
        for (int head = 0; head < cols; head += d) {
            float &a = row[head + (neox ? i : 2 * i)], &b = row[head + (neox ? half + i : 2 * i + 1)];
            const float turned = a * cosine - b * sine;
            b = a * sine + b * cosine;
            a = turned;
        }
    }
}

__global__ void swiglu_rows(float* gate, int64_t gate_stride, const float* up, int64_t up_stride, int cols) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= cols) return;
    float& g = gate[blockIdx.y * gate_stride + c];
    g = g / (1.0f + expf(-g)) * up[blockIdx.y * up_stride + c];
}

/// blockIdx: (part of a row, token, k or v).
__global__ void store_f16(const float* k, int64_t k_stride, const float* v, int64_t v_stride, int cols, int d,
                          int64_t capacity, int64_t start, __half* k_cache, __half* v_cache) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= cols) return;
    const int64_t at = (c / d * capacity + start + blockIdx.y) * d + c % d;
    if (blockIdx.z == 0)
        k_cache[at] = __float2half_rn(k[blockIdx.y * k_stride + c]);
    else
        v_cache[at] = __float2half_rn(v[blockIdx.y * v_stride + c]);
}

/// One warp per block of 32 values. Rounds as the CPU does: its bytes are the oracle.
__global__ void store_q8_0(const float* k, int64_t k_stride, const float* v, int64_t v_stride, int cols,
                           int d, int64_t capacity, int64_t start, BlockQ8_0* k_cache, BlockQ8_0* v_cache) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= cols) return;
    const float value = blockIdx.z == 0 ? k[blockIdx.y * k_stride + c] : v[blockIdx.y * v_stride + c];
    const float step = __fdiv_rn(warp_max(fabsf(value)), 127.0f);
    const float inverse = step > 0 ? __fdiv_rn(1.0f, step) : 0;
    const float q = rintf(__fmul_rn(value, inverse));
    const int64_t block = (c / d * capacity + start + blockIdx.y) * (d / 32) + c % d / 32;
    BlockQ8_0& to = (blockIdx.z == 0 ? k_cache : v_cache)[block];
    if (threadIdx.x % 32 == 0) to.d = __half_as_ushort(__float2half_rn(step));
    to.q[threadIdx.x % 32] = static_cast<int8_t>(q >= -127.0f ? fminf(q, 127.0f) : -127.0f);
}

dim3 row_grid(int64_t cols, int64_t rows, unsigned planes = 1) {
    return dim3(parts(cols, 256), static_cast<unsigned>(rows), planes);
}

}  // namespace

void embed(Backend& backend, const Tensor& table, const int32_t* ids, Matrix out) {
    Running run(backend);
    if (run.cancelled() || out.rows == 0) return;
    with_type(table.type, [&](auto type) {
        embed_rows<decltype(type)::value>
            <<<row_grid(out.cols, out.rows), 256, 0, run.cuda.stream>>>(table, ids, data(out), out.stride);
    });
    run.end("embed");
}

void rmsnorm(Backend& backend, Matrix x, const Tensor& weight, float eps, Matrix out) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    norm_rows<<<static_cast<unsigned>(x.rows), kNormThreads, 0, run.cuda.stream>>>(
        data(x), x.stride, static_cast<const float*>(weight.data), static_cast<int>(x.cols), eps, data(out),
        out.stride);
    run.end("rmsnorm");
}

void rope(Backend& backend, Matrix x, const RopeTable& table, int start) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    rope_rows<<<static_cast<unsigned>(x.rows), 64, 0, run.cuda.stream>>>(
        data(x), x.stride, static_cast<int>(x.cols), table.inv_freq, table.head_dim, table.neox, start);
    run.end("rope");
}

void swiglu(Backend& backend, Matrix gate, Matrix up) {
    Running run(backend);
    if (run.cancelled() || gate.rows == 0) return;
    swiglu_rows<<<row_grid(gate.cols, gate.rows), 256, 0, run.cuda.stream>>>(
        data(gate), gate.stride, data(up), up.stride, static_cast<int>(gate.cols));
    run.end("swiglu");
}

void kv_write(Backend& backend, Matrix k, Matrix v, KvLayer kv, int start) {
    Running run(backend);
    if (run.cancelled() || k.rows == 0) return;
    assert(start + k.rows <= kv.capacity && "kv_write: the cache holds the positions written");
    const dim3 grid = row_grid(k.cols, k.rows, 2);
    const auto store = [&](auto kernel, auto* to_k, auto* to_v) {
        kernel<<<grid, 256, 0, run.cuda.stream>>>(data(k), k.stride, data(v), v.stride,
                                                  static_cast<int>(k.cols), kv.head_dim, kv.capacity, start,
                                                  to_k, to_v);
    };
    if (kv.type == KvType::f16)
        store(store_f16, static_cast<__half*>(kv.k), static_cast<__half*>(kv.v));
    else
        store(store_q8_0, static_cast<BlockQ8_0*>(kv.k), static_cast<BlockQ8_0*>(kv.v));
    run.end("kv_write");
}

}  // namespace longleaf::cuda
