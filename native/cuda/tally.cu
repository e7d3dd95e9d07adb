// Where the tokens that a layer's heads keep lie in the text: counted on the device, so that the host learns
// it once, after the last layer. Sums of integers: no result depends on the order of blocks.
#include "cuda/cuda.h"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 256, kEach = 32;

/// blockIdx: (part of the list, list).
__global__ void __launch_bounds__(kThreads)
    count_places(const Selection chosen, int length, unsigned* tally) {
    __shared__ unsigned places[kStretches];
    for (int i = static_cast<int>(threadIdx.x); i < kStretches; i += kThreads) places[i] = 0;
    __syncthreads();
    const int32_t* list = chosen.index + blockIdx.y * chosen.capacity;
    const int begin = static_cast<int>(blockIdx.x) * kThreads * kEach;
    const int end = min(*chosen.count, begin + kThreads * kEach);
    for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += kThreads)
        atomicAdd(&places[static_cast<int64_t>(list[i]) * kStretches / length], 1u);
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kStretches; i += kThreads)
        if (places[i] > 0) atomicAdd(&tally[i], places[i]);
}

}  // namespace

void tally(Backend& backend, Selection chosen, int lists, int length, uint32_t* tally) {
    Running run(backend);
    if (run.cancelled()) return;
    check(cudaMemsetAsync(tally, 0, kStretches * sizeof *tally, run.cuda.stream), "clearing a tally");
    const dim3 grid(parts(length, kThreads * kEach), static_cast<unsigned>(lists));
    count_places<<<grid, kThreads, 0, run.cuda.stream>>>(chosen, length, tally);
    run.end("tally");
}

}  // namespace longleaf::cuda
