// matmul: one row reads the weights as they are; more rows go to tensor cores, with weights that are not
// 16-bit dequantised slice by slice into scratch.
#include <algorithm>

#include "cuda/cuda.h"
#include "cuda/device.cuh"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {
namespace {

constexpr int64_t kSliceValues = 16 << 20;  // of weights dequantised at a time; 32 MiB
constexpr int kBlockRows = 512;             // rows per call of cuBLAS: always the same, see multiply()

/// out (rows, stride) = rows of `from` as 16-bit values; zeros from cols to stride.
template <DType type, class H>
__global__ void narrow_rows(const Weight from, H* out, int stride) {
    const int c = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x) * 2;
    if (c >= stride) return;
    H* to = out + static_cast<int64_t>(blockIdx.x) * stride + c;
    to[0] = narrow<H>(c < from.cols ? element<type>(from, blockIdx.x, c) : 0.0f);
    to[1] = narrow<H>(c + 1 < from.cols ? element<type>(from, blockIdx.x, c + 1) : 0.0f);
}

void narrow_into(cudaStream_t stream, DType type, bool bf16, const Weight& from, int64_t rows, void* out,
                 int64_t stride) {
    const dim3 grid(static_cast<unsigned>(rows), parts(stride, 512));
    with_type(type, [&](auto constant) {
        constexpr DType t = decltype(constant)::value;
        if (bf16)
            narrow_rows<t>
                <<<grid, 256, 0, stream>>>(from, static_cast<__nv_bfloat16*>(out), static_cast<int>(stride));
        else
            narrow_rows<t>
                <<<grid, 256, 0, stream>>>(from, static_cast<__half*>(out), static_cast<int>(stride));
    });
}

/// 16-bit operands of one product; stride in values.
struct Operands {
    bool bf16;
    const char *x, *w;
    int64_t x_stride, w_stride;
    int depth;
};

/// Rows to or from scratch.
void copy_rows(cudaStream_t stream, float* to, int64_t to_stride, const float* from, int64_t from_stride,
               int64_t rows, int64_t cols) {
    check(cudaMemcpy2DAsync(to, static_cast<size_t>(to_stride) * 4, from,
                            static_cast<size_t>(from_stride) * 4, static_cast<size_t>(cols) * 4,
                            static_cast<size_t>(rows), cudaMemcpyDeviceToDevice, stream),
          "copying rows");
}

/// Which algorithm cuBLAS picks depends on the shape it is given, and a row's result must not depend on how
/// many share the call (ops.h). So it always sees kBlockRows rows, the same stride, 16-byte boundaries and
/// the same `add`: what is not so already passes through scratch, with stale rows at the end.
void multiply_blocks(Running& run, const Operands& o, Matrix out, bool add) {
    const cudaStream_t stream = run.cuda.stream;
    const bool aligned = out.stride % 4 == 0 && reinterpret_cast<uintptr_t>(out.data) % 16 == 0;
    const int64_t stride = aligned ? out.stride : round_up(out.cols, 4);
    for (int64_t first = 0; first < out.rows; first += kBlockRows) {
        const char* x = o.x + first * o.x_stride * 2;
        const int64_t rows = std::min<int64_t>(kBlockRows, out.rows - first);
        float *to = data(out) + first * out.stride, *block = to;
        const bool direct = aligned && rows == kBlockRows;
        if (!direct) block = static_cast<float*>(run.cuda.product.reserve(uint64_t{kBlockRows} * stride * 4));
        if (!direct && add) copy_rows(stream, block, stride, to, out.stride, rows, out.cols);
        run.cuda.cublas->multiply(o.bf16, x, o.x_stride, o.w, o.w_stride, block, stride, kBlockRows,
                                  static_cast<int>(out.cols), o.depth, add);
        if (!direct) copy_rows(stream, to, out.stride, block, stride, rows, out.cols);
    }
}

void multiply(Running& run, const Operands& o, Matrix out, bool add) {
    if (run.cuda.cublas) return multiply_blocks(run, o, out, add);
    gemm(run.cuda.stream, o.bf16, o.x, o.x_stride, o.w, o.w_stride, data(out), out.stride,
         static_cast<int>(out.rows), static_cast<int>(out.cols), o.depth, add);
}

}  // namespace

void matmul(Backend& backend, const Tensor& w, Matrix x, Matrix out, bool add) {
    Running run(backend);
    if (run.cancelled() || x.rows == 0) return;
    CudaBackend& cuda = run.cuda;
    if (x.rows == 1) {
        gemv(cuda.stream, w, data(x), data(out), add);
        return run.end("matmul");
    }
    const bool bf16 = w.type == DType::bf16, in_place = (bf16 || w.type == DType::f16) && w.cols % 8 == 0;
    const int64_t stride = round_up(w.cols, 64), block = round_up(x.rows, kBlockRows);
    void* operand = cuda.operand.reserve(static_cast<uint64_t>(block * stride) * 2);
    Weight rows_of_x{};
    rows_of_x.values = static_cast<const char*>(x.data), rows_of_x.row_bytes = x.stride * 4;
    rows_of_x.cols = static_cast<int>(x.cols);
    narrow_into(cuda.stream, DType::f32, bf16, rows_of_x, x.rows, operand, stride);
    const int64_t slice = in_place ? w.rows : std::max<int64_t>(kSliceValues / stride / 128 * 128, 128);
    for (int64_t first = 0; first < w.rows; first += slice) {
        const int64_t rows = std::min(slice, w.rows - first);
        const Weight from(w, first);
        Operands o{bf16,   static_cast<const char*>(operand), from.values, stride,
                   w.cols, static_cast<int>(w.cols)};
        if (!in_place) {
            void* values = cuda.weights.reserve(static_cast<uint64_t>(std::min(slice, w.rows) * stride) * 2);
            narrow_into(cuda.stream, w.type, bf16, from, rows, values, stride);
            o.w = static_cast<const char*>(values), o.w_stride = stride, o.depth = static_cast<int>(stride);
        }
        const Matrix part{data(out) + first, out.rows, rows, out.stride};
        multiply(run, o, part, add);
    }
    run.end("matmul", 2);
}

}  // namespace longleaf::cuda
