#include "cpu/backend.h"

#include <algorithm>
#include <cstring>

#include "cpu/cpu.h"
#include "cpu/features.h"

namespace longleaf::cpu {
namespace {

const Kernels& choose_kernels(Simd wanted) {
    const Features have = detect_features();
    const Kernels *avx512 = have.avx512 ? avx512_kernels() : nullptr,
                  *avx2 = have.avx2 ? avx2_kernels() : nullptr;
    switch (wanted) {
        case Simd::scalar:
            return scalar_kernels();
        case Simd::avx2:
            if (avx2) return *avx2;
            throw EngineError(ErrorCode::bad_request, "This processor has no AVX2 with FMA and F16C.",
                              "Choose automatic vector instructions.");
        case Simd::avx512:
            if (avx512) return *avx512;
            throw EngineError(ErrorCode::bad_request, "This processor has no AVX-512 (F, BW, DQ, VL).",
                              "Choose automatic vector instructions.");
        case Simd::automatic:
            break;
    }
    return avx512 ? *avx512 : avx2 ? *avx2 : scalar_kernels();
}

}  // namespace

CpuBackend::CpuBackend(int threads, const Kernels& chosen)
    : kernels(chosen), pool(threads), locals(static_cast<size_t>(pool.threads())) {}

const Ops& CpuBackend::ops() const {
    static const Ops table = {.embed = embed,
                              .rmsnorm = rmsnorm,
                              .matmul = matmul,
                              .project = project,
                              .add_bias = add_bias,
                              .add_scaled = add_scaled,
                              .scale = scale,
                              .soften = soften,
                              .norm_heads = norm_heads,
                              .rope = rope,
                              .kv_write = kv_write,
                              .rope_and_store = rope_and_store,
                              .attend = attend,
                              .select = select,
                              .select_scratch_bytes = select_scratch_bytes,
                              .tally = tally,
                              .attend_selected = attend_selected,
                              .plan_blocks = plan_blocks,
                              .plan_scratch_bytes = plan_scratch_bytes,
                              .attend_blocks = attend_blocks,
                              .swiglu = swiglu,
                              .geglu = geglu,
                              .gated = gated,
                              .rank = rank};
    return table;
}

std::string CpuBackend::describe() const {
    const int n = pool.threads();
    return std::string("CPU, ") + kernels.name + ", " + std::to_string(n) + (n == 1 ? " thread" : " threads");
}

uint64_t CpuBackend::scratch_bytes(int64_t widest_row, int64_t) const {
    // matmul: a block of token tiles for all and a weight panel per thread. Attention holds two tiles' worth
    // of rows per query of a task. Both are bounded from above, with a page of slack for each.
    const auto width = static_cast<uint64_t>(round_up(widest_row, 64)), threads = locals.size();
    const uint64_t block = 512 * width, panel = std::max<uint64_t>(64 << 10, 16 * width) + 64 * kMaxLanes;
    const uint64_t attention = 2 * 512 * 256 + 128 * (2 * 256 + kMaxLanes) + 8192;
    const uint64_t slack = 2u << 20;
    return block * sizeof(float) + slack + threads * (std::max(panel, attention) * sizeof(float) + slack);
}

void* CpuBackend::allocate(uint64_t bytes) {
    if (void* memory = map_pages(std::max<uint64_t>(bytes, 1))) return memory;
    throw EngineError(ErrorCode::no_memory,
                      "The system refused " + std::to_string(bytes >> 20) + " MiB of memory.",
                      "Close other programs or choose a shorter context.");
}

void CpuBackend::upload(void* to, const void* from, uint64_t bytes) { std::memcpy(to, from, bytes); }
void CpuBackend::download(void* to, const void* from, uint64_t bytes) { std::memcpy(to, from, bytes); }

float* Running::shared(int64_t floats) {
    cpu.shared.reserve(static_cast<uint64_t>(floats) * sizeof(float));
    return reinterpret_cast<float*>(cpu.shared.data());
}

void Running::reserve_local(int64_t floats) {
    for (auto& local : cpu.locals) local.reserve(static_cast<uint64_t>(floats) * sizeof(float));
}

std::unique_ptr<Backend> create_backend(const Options& options) {
    if (options.threads < 0 || options.threads > 1024)
        throw EngineError(ErrorCode::bad_request, "A thread count must lie between 0 and 1024.");
    return std::make_unique<CpuBackend>(options.threads ? options.threads : usable_cores(),
                                        choose_kernels(options.simd));
}

}  // namespace longleaf::cpu
