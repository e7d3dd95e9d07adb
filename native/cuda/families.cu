// Ops on rows that only some families need: biases, scales, soft caps, norms of heads, GELU gates. Each row
// is computed by itself, in f32 whatever it is kept in.
#include <cassert>

#include "cuda/cuda.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 256;

/// x = change(x, column), a value per thread.
template <class T, class Change>
__global__ void __launch_bounds__(kThreads) change_rows(T* x, int64_t stride, int cols, Change change) {
    const int c = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
    if (c >= cols) return;
    T& value = x[blockIdx.y * stride + c];
    value = narrow<T>(change(widen(value), static_cast<int>(blockIdx.y), c));
}

template <class Change>
void launch(Backend& backend, Matrix x, const char* what, Change change) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    with_activation(x.type, [&](auto* of) {
        change_rows<<<dim3(parts(x.cols, kThreads), static_cast<unsigned>(x.rows)), kThreads, 0,
                      run.cuda.stream>>>(static_cast<decltype(of)>(x.data), x.stride,
                                         static_cast<int>(x.cols), change);
    });
    run.end(what);
}

/// A warp per head.
template <class T>
__global__ void __launch_bounds__(kThreads)
    norm_each_head(T* x, int64_t stride, int64_t count, int heads, int d, const float* weight, float eps) {
    const int64_t at = static_cast<int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
    if (at >= count) return;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    T* head = x + at / heads * stride + at % heads * d;
    float squares = 0;
    for (int c = lane; c < d; c += 32) squares = fmaf(widen(head[c]), widen(head[c]), squares);
    const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(d) + eps);
    for (int c = lane; c < d; c += 32) head[c] = narrow<T>(widen(head[c]) * scale * weight[c]);
}

}  // namespace

void add_bias(Backend& backend, Matrix x, const Tensor& bias) {
    const auto* more = static_cast<const float*>(bias.data);
    launch(backend, x, "add_bias", [=] __device__(float v, int, int c) { return v + more[c]; });
}

void add_scaled(Backend& backend, Matrix x, Matrix more, float scale) {
    assert(x.type == DType::f32 && more.type == DType::f32 && "add_scaled: the residual stream is f32");
    const auto* from = static_cast<const float*>(more.data);
    const int64_t stride = more.stride;
    launch(backend, x, "add_scaled",
           [=] __device__(float v, int r, int c) { return fmaf(scale, from[r * stride + c], v); });
}

void scale(Backend& backend, Matrix x, float by) {
    launch(backend, x, "scale", [=] __device__(float v, int, int) { return v * by; });
}

void soften(Backend& backend, Matrix x, float cap) {
    launch(backend, x, "soften", [=] __device__(float v, int, int) { return cap * tanhf(v / cap); });
}

void geglu(Backend& backend, Matrix gate, Matrix up) {
    assert(gate.type == up.type && "geglu: gate and up are of one type");
    const void* from = up.data;
    const int64_t stride = up.stride;
    const DType type = up.type;
    launch(backend, gate, "geglu", [=] __device__(float g, int r, int c) {
        const float inner = 0.797884561f * fmaf(0.044715f * g * g, g, g);
        return g / (1.0f + expf(-2.0f * inner)) * load_value(from, type, r * stride + c);
    });
}

void norm_heads(Backend& backend, Matrix x, const Tensor& weight, float eps) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    const int d = static_cast<int>(weight.cols), heads = static_cast<int>(x.cols) / d;
    with_activation(x.type, [&](auto* of) {
        norm_each_head<<<parts(x.rows * heads, kThreads / 32), kThreads, 0, run.cuda.stream>>>(
            static_cast<decltype(of)>(x.data), x.stride, x.rows * heads, heads, d,
            static_cast<const float*>(weight.data), eps);
    });
    run.end("norm_heads");
}

}  // namespace longleaf::cuda
