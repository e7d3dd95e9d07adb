#include "cuda/tensor_map.h"

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstring>

#include "cuda/cuda.h"

namespace longleaf::cuda {

namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

/// The driver's function, found at run time: nothing links the driver, so that the binary loads without one.
Encode encoder() {
    static const Encode found = [] {
        void* function = nullptr;
        cudaDriverEntryPointQueryResult result;
#if CUDART_VERSION >= 12050
        const cudaError_t status = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function,
                                                                    12000, cudaEnableDefault, &result);
#else
        const cudaError_t status =
            cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &function, cudaEnableDefault, &result);
#endif
        if (status != cudaSuccess || result != cudaDriverEntryPointSuccess) function = nullptr;
        return reinterpret_cast<Encode>(function);
    }();
    if (!found)
        throw EngineError(ErrorCode::bad_request,
                          "The graphics driver is too old for this GPU's copy engine.",
                          "Update the graphics driver, or choose the CPU.");
    return found;
}

}  // namespace

TensorMap make_tensor_map(const void* base, int64_t columns, int64_t rows, int64_t row_stride, int64_t planes,
                          int64_t plane_stride, int box_rows) {
    static_assert(sizeof(TensorMap) == sizeof(CUtensorMap));
    const auto u64 = [](int64_t x) { return static_cast<cuuint64_t>(x); };
    const cuuint64_t sizes[3] = {u64(columns), u64(rows), u64(planes)};
    const cuuint64_t strides[2] = {u64(row_stride) * 2, u64(plane_stride) * 2};  // bytes
    const cuuint32_t box[3] = {64, static_cast<cuuint32_t>(box_rows), 1}, steps[3] = {1, 1, 1};
    CUtensorMap map;
    const CUresult status =
        encoder()(&map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 3, const_cast<void*>(base), sizes, strides, box,
                  steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                  CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (status != CUDA_SUCCESS)
        throw EngineError(ErrorCode::internal,
                          "A tensor cannot be described to the GPU's copy engine (status " +
                              std::to_string(static_cast<int>(status)) + ").");
    TensorMap words;
    std::memcpy(&words, &map, sizeof words);
    return words;
}

}  // namespace longleaf::cuda
