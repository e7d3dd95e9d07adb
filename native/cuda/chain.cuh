// Kernels that begin while the one ahead of them ends (programmatic dependent launch, compute
// capability 9.0): a decoded token is hundreds of short launches, and what each does before it needs the last
// one's results, asking for its weights above all, hides behind that one.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

/// Waits until all earlier kernels are complete and what they wrote can be read. A chained kernel calls it in
/// every thread, and before that neither writes nor reads what an earlier kernel writes.
__device__ inline void wait_for_earlier() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
/// Lets the next kernel begin where there is room beside this one. It will still wait for this one's end.
__device__ inline void let_next_begin() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/// Launches `kernel`, which calls wait_for_earlier(), and, if it works on a row alone, chains it to the
/// kernel before it where that can be.
template <class... Parameters>
void launch_rows(CudaBackend& cuda, int64_t rows, void (*kernel)(Parameters...), dim3 grid, int threads,
                 int shared_bytes, std::type_identity_t<Parameters>... arguments) {
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = grid, config.blockDim = dim3(static_cast<unsigned>(threads));
    config.dynamicSmemBytes = static_cast<size_t>(shared_bytes), config.stream = cuda.stream;
    config.attrs = &attribute, config.numAttrs = rows == 1 && cuda.chains ? 1 : 0;
    check(cudaLaunchKernelEx(&config, kernel, arguments...), "launching a kernel");
}
template <class... Parameters>
void launch_chained(CudaBackend& cuda, void (*kernel)(Parameters...), dim3 grid, int threads,
                    int shared_bytes, std::type_identity_t<Parameters>... arguments) {
    launch_rows(cuda, 1, kernel, grid, threads, shared_bytes, arguments...);
}

}  // namespace longleaf::cuda
