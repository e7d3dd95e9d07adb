// matmul: one row reads the weights as they are; more rows go to tensor cores, with weights of another type
// than the rows dequantised slice by slice into scratch.
#include <algorithm>
#include <cassert>

#include "cuda/cuda.h"
#include "cuda/device.cuh"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {
namespace {

constexpr int64_t kSliceValues = 16 << 20;  // of weights dequantised at a time; 32 MiB
constexpr int kBlockRows = 512;             // rows per call of cuBLAS: always the same, see multiply_blocks
constexpr int kThreads = 256;

/// Eight values of a row from c on; zeros beyond its end.
template <DType type>
__device__ void load_eight(const Weight& from, int64_t row, int c, float (&to)[8]) {
    if constexpr (in_blocks<type>) {
        eight_of_row<type>(from.values + row * from.row_bytes, c, to);
    } else if constexpr (type == DType::q8_0) {
        const auto bytes = *reinterpret_cast<const int2*>(from.values + row * from.row_bytes + c);
        const float step = __half2float(from.steps[row * (from.cols / 32) + c / 32]);
#pragma unroll
        for (int i = 0; i < 8; ++i)
            to[i] =
                step * static_cast<float>(static_cast<int8_t>((i < 4 ? bytes.x : bytes.y) >> (i % 4 * 8)));
    } else {
#pragma unroll
        for (int i = 0; i < 8; ++i) to[i] = c + i < from.cols ? element<type>(from, row, c + i) : 0.0f;
    }
}

/// out (rows, stride) = rows of `from` as 16-bit values, zeros from cols to stride.
template <DType type, class H>
__global__ void __launch_bounds__(kThreads) narrow_rows(const Weight from, H* out, int stride) {
    const int c = static_cast<int>(blockIdx.y * kThreads + threadIdx.x) * 8;
    if (c >= stride) return;
    float values[8];
    load_eight<type>(from, blockIdx.x, c, values);
    store_values(out + static_cast<int64_t>(blockIdx.x) * stride + c, values, true);
}

/// `to` is what the values become, stride a multiple of 8.
void narrow_into(cudaStream_t stream, DType from_type, const Weight& from, int64_t rows, DType to, void* out,
                 int64_t stride) {
    const dim3 grid(static_cast<unsigned>(rows), parts(stride, kThreads * 8));
    with_type(from_type, [&](auto constant) {
        constexpr DType type = decltype(constant)::value;
        if (to == DType::bf16)
            narrow_rows<type><<<grid, kThreads, 0, stream>>>(from, static_cast<__nv_bfloat16*>(out),
                                                             static_cast<int>(stride));
        else
            narrow_rows<type>
                <<<grid, kThreads, 0, stream>>>(from, static_cast<__half*>(out), static_cast<int>(stride));
    });
}

/// Rows of f32 to rows of another type.
template <class Out>
__global__ void __launch_bounds__(kThreads)
    store_rows(const float* from, int64_t from_stride, Out* to, int64_t to_stride, int cols) {
    const int c = static_cast<int>(blockIdx.y * kThreads + threadIdx.x);
    if (c < cols) to[blockIdx.x * to_stride + c] = narrow<Out>(from[blockIdx.x * from_stride + c]);
}

/// f32 rows in scratch.
void copy_rows(cudaStream_t stream, const float* from, int64_t stride, const Matrix& to) {
    with_activation(to.type, [&](auto* of) {
        store_rows<<<dim3(static_cast<unsigned>(to.rows), parts(to.cols, kThreads)), kThreads, 0, stream>>>(
            from, stride, static_cast<decltype(of)>(to.data), to.stride, static_cast<int>(to.cols));
    });
}

Matrix part_of(const Matrix& m, int64_t row, int64_t rows, int64_t col, int64_t cols) {
    const int64_t at = (row * m.stride + col) * static_cast<int64_t>(row_bytes(m.type, 1));
    return {static_cast<char*>(m.data) + at, rows, cols, m.stride, m.type};
}

/// Which algorithm cuBLAS picks depends on the shape it is given, and a row's result must not depend on how
/// many share the call (ops.h). So it always sees kBlockRows rows, of f32 results at 16-byte boundaries, the
/// same stride and the same `add`: what is not so already passes through scratch, with stale rows at the end.
void multiply_blocks(Running& run, const Product& all) {
    const Matrix& out = all.out;
    const bool suits =
        out.type == DType::f32 && out.stride % 4 == 0 && reinterpret_cast<uintptr_t>(out.data) % 16 == 0;
    const int64_t stride = suits ? out.stride : round_up(out.cols, 4);
    for (int64_t first = 0; first < out.rows; first += kBlockRows) {
        const Matrix to = part_of(out, first, std::min<int64_t>(kBlockRows, out.rows - first), 0, out.cols);
        const bool direct = suits && to.rows == kBlockRows;
        Product block = all;
        block.x = static_cast<const char*>(all.x) + first * all.x_stride * 2;
        block.out = {to.data, kBlockRows, out.cols, stride};
        if (!direct) {
            block.out.data = run.cuda.product.reserve(uint64_t{kBlockRows} * stride * 4);
            const Matrix scratch{block.out.data, to.rows, to.cols, stride};
            if (all.add) copy_rows(run.cuda.stream, data(to), to.stride, scratch);
        }
        run.cuda.cublas->multiply(block);
        if (!direct) copy_rows(run.cuda.stream, data(block.out), stride, to);
    }
}

/// x as 16-bit rows that a product can read: itself, or a copy.
void set_rows(Running& run, const Matrix& x, Product& p) {
    const bool in_place = x.type == p.type && x.cols % 8 == 0 && x.stride % 8 == 0 &&
                          reinterpret_cast<uintptr_t>(x.data) % 16 == 0 &&
                          (!run.cuda.cublas || x.rows % kBlockRows == 0);  // cuBLAS reads whole blocks
    p.x = x.data, p.x_stride = x.stride;
    if (in_place) return;
    p.x_stride = round_up(x.cols, 8);
    void* copy =
        run.cuda.operand.reserve(static_cast<uint64_t>(round_up(x.rows, kBlockRows) * p.x_stride) * 2);
    Weight from{};
    from.values = static_cast<const char*>(x.data), from.cols = static_cast<int>(x.cols);
    from.row_bytes = x.stride * static_cast<int64_t>(row_bytes(x.type, 1));
    narrow_into(run.cuda.stream, x.type, from, x.rows, p.type, copy, p.x_stride);
    p.x = copy;
}

bool in_place(const Tensor& w, DType type) { return w.type == type && w.cols % 8 == 0; }

/// w as rows of `type` that a product can read, a whole number of eights apart; null: nobody prepared it.
const void* readable(const CudaBackend& cuda, const Tensor& w, DType type) {
    if (in_place(w, type)) return w.data;
    for (const auto& known : cuda.prepared)
        if (known.data == w.data && known.type == type) return known.values;
    return nullptr;
}

/// The product of x and w or, with `up`, the gated one.
void multiply(Running& run, const Tensor& w, const Tensor* up, const Matrix& x, const Matrix& out, bool add) {
    CudaBackend& cuda = run.cuda;
    Product p;
    p.type = x.type != DType::f32     ? x.type
             : out.type != DType::f32 ? out.type
             : w.type == DType::bf16  ? DType::bf16
                                      : DType::f16;
    assert((out.type == DType::f32 || out.type == p.type) && "matmul: x and out are of one 16-bit type");
    p.depth = static_cast<int>(round_up(w.cols, 8)), p.w_stride = p.depth, p.add = add;
    set_rows(run, x, p);
    const char* whole[2] = {static_cast<const char*>(readable(cuda, w, p.type)),
                            static_cast<const char*>(up ? readable(cuda, *up, p.type) : nullptr)};
    const bool ready = whole[0] && (!up || whole[1]);
    const int64_t slice =
        ready
            ? w.rows
            : std::min(w.rows, std::max<int64_t>(kSliceValues / p.w_stride / 256 * 256, 256) / (up ? 2 : 1));
    const int64_t slice_bytes = slice * p.w_stride * 2;
    for (int64_t first = 0; first < w.rows; first += slice) {
        const int64_t rows = std::min(slice, w.rows - first);
        const void* part[2] = {whole[0], whole[1]};
        if (!ready) {
            auto* room =
                static_cast<char*>(cuda.weights.reserve(static_cast<uint64_t>(slice_bytes * (up ? 2 : 1))));
            for (int i = 0; i < (up ? 2 : 1); ++i, room += slice_bytes) {
                const Tensor& from = i ? *up : w;
                narrow_into(cuda.stream, from.type, Weight(from, first), rows, p.type, room, p.w_stride);
                part[i] = room;
            }
        }
        p.w = part[0], p.up = part[1], p.out = part_of(out, 0, out.rows, first, rows);
        if (cuda.cublas)
            multiply_blocks(run, p);
        else if (cuda.hopper)
            gemm_hopper(cuda, p);
        else
            gemm(cuda, p);
    }
}

}  // namespace

void CudaBackend::prepare(std::span<const Tensor> matrices, DType type) {
    const std::lock_guard lock(busy);
    check(cudaSetDevice(device), "selecting the device");
    prepared.clear();
    if (type == DType::f32) return;
    const auto stride = [](const Tensor& w) { return round_up(w.cols, 8); };
    int64_t values = 0;
    for (const Tensor& w : matrices)
        if (!in_place(w, type)) values += w.rows * stride(w);
    if (values == 0) return;
    auto* to = static_cast<char*>(unpacked.reserve(static_cast<uint64_t>(values) * 2));
    for (const Tensor& w : matrices) {
        if (in_place(w, type)) continue;
        narrow_into(stream, w.type, Weight(w), w.rows, type, to, stride(w));
        prepared.push_back({w.data, to, type});
        to += w.rows * stride(w) * 2;
    }
    check(cudaGetLastError(), "unpacking weights");
}

void matmul(Backend& backend, const Tensor& w, Matrix x, Matrix out, bool add) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    assert((!add || out.type == DType::f32) && "matmul: what is added to is f32");
    if (x.rows == 1 && x.type == DType::f32 && out.type == DType::f32) {
        gemv(run.cuda, w, data(x), data(out), add);
        return run.end("matmul");
    }
    multiply(run, w, nullptr, x, out, add);
    run.end("matmul", 8);
}

void project(Backend& backend, std::span<const Projection> all, Matrix x) {
    const auto f32 = [](const Projection& one) { return one.out.type == DType::f32; };
    if (x.rows == 1 && x.type == DType::f32 && std::all_of(all.begin(), all.end(), f32)) {
        Running run(backend);
        if (!run.cancelled()) gemv_each(run.cuda, all, data(x));
        return run.end("project");
    }
    for (const Projection& one : all) matmul(backend, one.w, x, one.out, false);
}

void gated(Backend& backend, const Tensor& gate, const Tensor& up, Matrix x, Matrix out, Matrix room) {
    auto& cuda = static_cast<CudaBackend&>(backend);
    if (x.rows == 1 && x.type == DType::f32 && out.type == DType::f32) {
        Running run(backend);
        if (run.cancelled() || gemv_gated(cuda, gate, up, data(x), data(out))) return run.end("gated");
    }
    if (x.type == DType::f32 || !cuda.gates_at_once()) {
        matmul(backend, gate, x, out, false);
        matmul(backend, up, x, room, false);
        return swiglu(backend, out, room);
    }
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    multiply(run, gate, &up, x, out, false);
    run.end("gated", 16);
}

}  // namespace longleaf::cuda
