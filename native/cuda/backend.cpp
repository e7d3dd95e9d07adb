#include "cuda/backend.h"

#include <algorithm>
#include <cstring>

#include "cuda/attend.h"
#include "cuda/cuda.h"

namespace longleaf::cuda {

void check(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    const std::string detail = std::string(what) + ": " + cudaGetErrorString(status) + ".";
    cudaGetLastError();  // not sticky: the next call must not report it again
    switch (status) {
        case cudaErrorMemoryAllocation:
            throw EngineError(ErrorCode::no_memory, "The GPU has too little free memory (" + detail + ")",
                              "Close other programs that use the GPU, or choose a shorter context.");
        case cudaErrorInvalidValue:
        case cudaErrorInvalidConfiguration:
        case cudaErrorLaunchOutOfResources:
        case cudaErrorInvalidResourceHandle:
            throw EngineError(ErrorCode::internal, "A GPU call was wrong (" + detail + ")");
        case cudaErrorNoDevice:
        case cudaErrorInvalidDevice:
        case cudaErrorInsufficientDriver:
        case cudaErrorNoKernelImageForDevice:
        case cudaErrorUnsupportedPtxVersion:
            throw EngineError(ErrorCode::bad_request,
                              "This GPU or its driver cannot be used (" + detail + ")",
                              "Update the graphics driver, or choose the CPU.");
        default:
            throw EngineError(ErrorCode::device_lost, "The GPU failed (" + detail + ")",
                              "The engine must be restarted.");
    }
}

void* DeviceMemory::take(uint64_t bytes, const char* what) {
    if (bytes > left())
        throw EngineError(ErrorCode::no_memory,
                          "The limit set for memory of the GPU is reached (" + std::string(what) + ", " +
                              std::to_string(bytes >> 20) + " MiB more).",
                          "Raise the limit, or choose a shorter context.");
    void* memory = nullptr;
    check(cudaMalloc(&memory, std::max<uint64_t>(bytes, 1)), what);
    used_ += bytes;
    return memory;
}

void DeviceMemory::give(void* memory, uint64_t bytes) noexcept {
    if (!memory) return;
    cudaFree(memory);
    used_ -= bytes;
}

uint64_t DeviceMemory::left() const {
    const uint64_t used = used_;
    return limit_ == 0 ? UINT64_MAX : limit_ > used ? limit_ - used : 0;
}

void* Workspace::reserve(uint64_t bytes) {
    if (bytes <= bytes_) return data_;
    memory_.give(data_, bytes_);  // waits for what still uses it
    data_ = nullptr, bytes_ = 0;
    data_ = memory_.take(bytes, "taking work space");
    bytes_ = bytes;
    return data_;
}

void* Workspace::reserve_zeros(cudaStream_t stream, uint64_t bytes) {
    const bool grows = bytes > bytes_;
    void* const data = reserve(bytes);
    if (grows) check(cudaMemsetAsync(data, 0, bytes, stream), "clearing work space");
    return data;
}

void Staging::prepare() {
    if (buffer_[1]) return;
    for (int i = 0; i < 2; ++i) {
        check(cudaEventCreateWithFlags(&free_[i], cudaEventDisableTiming), "making an event");
        check(cudaMallocHost(&buffer_[i], kBytes), "pinning memory");
    }
}

Staging::~Staging() {
    for (int i = 0; i < 2; ++i) {
        if (free_[i]) cudaEventDestroy(free_[i]);
        if (buffer_[i]) cudaFreeHost(buffer_[i]);
    }
}

void Staging::upload(cudaStream_t stream, void* to, const void* from, uint64_t bytes) {
    prepare();
    for (uint64_t at = 0; at < bytes; at += kBytes) {
        const uint64_t n = std::min(kBytes, bytes - at);
        check(cudaEventSynchronize(free_[next_]), "waiting for an upload");
        std::memcpy(buffer_[next_], static_cast<const char*>(from) + at, n);
        check(cudaMemcpyAsync(static_cast<char*>(to) + at, buffer_[next_], n, cudaMemcpyHostToDevice, stream),
              "uploading");
        check(cudaEventRecord(free_[next_], stream), "uploading");
        next_ ^= 1;
    }
}

Throttle::~Throttle() {
    for (cudaEvent_t event : event_)
        if (event) cudaEventDestroy(event);
}

void Throttle::mark(cudaStream_t stream) {
    if (!event_[next_])
        check(cudaEventCreateWithFlags(&event_[next_], cudaEventDisableTiming | cudaEventBlockingSync),
              "making an event");
    else
        check(cudaEventSynchronize(event_[next_]), "running on the GPU");
    check(cudaEventRecord(event_[next_], stream), "marking the queue");
    next_ ^= 1;
}

bool available(int device) {
    int count = 0, major = 0;
    const bool usable =
        cudaGetDeviceCount(&count) == cudaSuccess && device >= 0 && device < count &&
        cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess;
    cudaGetLastError();
    return usable && major >= 8;
}

CudaBackend::CudaBackend(const Options& options) : device(options.device), budget(options.memory_limit) {
    check(cudaSetDevice(device), "selecting the device");
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, device), "asking for the device");
    name = properties.name;
    multiprocessors = properties.multiProcessorCount;
#if defined(LONGLEAF_HOPPER)
    hopper = !options.portable && properties.major == 9 && properties.minor == 0;
#endif
    block_bytes = static_cast<int>(properties.sharedMemPerBlockOptin);
    chains = can_chain();
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
    if (options.gemm == Gemm::cublas || (options.gemm == Gemm::automatic && !hopper))
        cublas = Cublas::open(stream);
    if (options.gemm == Gemm::cublas && !cublas)
        throw EngineError(ErrorCode::bad_request, "cuBLAS is not installed here.",
                          "Install the CUDA toolkit's libraries, or use the built-in kernels.");
}

CudaBackend::~CudaBackend() {
    cudaSetDevice(device);
    cudaStreamSynchronize(stream);
    cublas.reset();
    cudaStreamDestroy(stream);
}

void CudaBackend::allow_shared(const void* kernel, int bytes) {
    int& allowed = shared_bytes_[kernel];
    if (bytes <= allowed) return;
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
          "preparing a kernel");
    allowed = bytes;
}

const Ops& CudaBackend::ops() const {
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
                              .gather = gather,
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

std::string CudaBackend::describe() const { return name + (cublas ? ", cuBLAS" : ""); }

uint64_t CudaBackend::available_bytes() const {
    size_t free = 0, total = 0;
    check(cudaSetDevice(device), "selecting the device");
    check(cudaMemGetInfo(&free, &total), "asking for free memory");
    constexpr uint64_t reserve = 256 << 20;  // what the driver takes for kernels, and rounding of allocations
    const uint64_t usable = std::min<uint64_t>(free, budget.left());
    return usable > reserve ? usable - reserve : 0;
}

bool CudaBackend::attends(int head_dim, KvType type) const {
    return type != KvType::f32 && head_dim % 8 == 0 && head_dim <= 256;
}

/// On Hopper as many that products fill whole waves: tiles of 128 rows in half as many rows of tiles as there
/// are multiprocessors, each an even number of tiles wide (gemm_hopper.cu).
int CudaBackend::chunk_rows() const { return hopper ? 64 * multiprocessors : 4096; }

uint64_t CudaBackend::scratch_bytes(int64_t widest_row, int64_t values) const {
    // A slice of weights, partial sums of decoding, a penalised row; for cuBLAS a chunk of operands, a block
    // of products and its own.
    const auto width = static_cast<uint64_t>(round_up(widest_row, 64));
    const uint64_t blocks =
        cublas ? width * (static_cast<uint64_t>(chunk_rows()) * 2 + 512 * 4) + (uint64_t{32} << 20) : 0;
    return (uint64_t{100} << 20) + blocks + static_cast<uint64_t>(values) * 2;
}

uint64_t CudaBackend::gathered_bytes(int heads, int64_t length, int head_dim) const {
    return hopper ? static_cast<uint64_t>(heads * round_up(length, kGatherUnit) * head_dim) * 4 : 0;
}

uint64_t CudaBackend::attention_bytes(KvType type, int kv_heads, int64_t length, int head_dim) const {
    return hopper && type == KvType::q8_0 ? static_cast<uint64_t>(kv_heads * length * head_dim) * 4 : 0;
}

void* CudaBackend::allocate(uint64_t bytes) {
    check(cudaSetDevice(device), "selecting the device");
    return budget.take(bytes, "taking memory");
}

void CudaBackend::release(void* memory, uint64_t bytes) noexcept {
    const std::lock_guard lock(busy);
    prepared.clear();  // it may have been a weight's
    cudaSetDevice(device);
    budget.give(memory, bytes);
}

void CudaBackend::upload(void* to, const void* from, uint64_t bytes) {
    const std::lock_guard lock(busy);
    check(cudaSetDevice(device), "selecting the device");
    staging_.upload(stream, to, from, bytes);
}

void CudaBackend::download(void* to, const void* from, uint64_t bytes) {
    const std::lock_guard lock(busy);
    check(cudaSetDevice(device), "selecting the device");
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream), "downloading");
    check(cudaStreamSynchronize(stream), "running on the GPU");
    queued = 0;
}

std::unique_ptr<Backend> create_backend(const Options& options) {
    if (!available(options.device))
        throw EngineError(ErrorCode::bad_request, "There is no NVIDIA GPU here that Longleaf can use.",
                          "Choose the CPU, or install a current NVIDIA driver.");
    return std::make_unique<CudaBackend>(options);
}

}  // namespace longleaf::cuda
