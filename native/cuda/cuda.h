// The CUDA backend as its ops see it. Between products several rows are kept in the 16-bit type they are
// multiplied in, f16 or, for BF16 weights, bf16; a row alone, the residual stream and all sums are f32.
#pragma once

#include <cuda_runtime.h>

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "cuda/cublas.h"
#include "ops/ops.h"

namespace longleaf::cuda {

/// Throws EngineError for anything but success: no_memory, internal for a launch that asks for the
/// impossible, device_lost for faults, after which no call of this process on the device succeeds.
void check(cudaError_t status, const char* what);

/// All device memory of one backend, counted, and refused beyond a limit (0: none).
class DeviceMemory {
  public:
    explicit DeviceMemory(uint64_t limit) : limit_(limit) {}
    void* take(uint64_t bytes, const char* what);  // throws EngineError{no_memory}
    void give(void* memory, uint64_t bytes) noexcept;
    uint64_t left() const;  // under the limit

  private:
    const uint64_t limit_;
    std::atomic<uint64_t> used_{0};
};

/// Whether this process runs code for compute capability 9.0 or later on the current device. In chain.cu.
bool can_chain();

/// Device memory that only grows; its content does not survive growth.
class Workspace {
  public:
    explicit Workspace(DeviceMemory& memory) : memory_(memory) {}
    Workspace(const Workspace&) = delete;
    ~Workspace() { memory_.give(data_, bytes_); }
    void* reserve(uint64_t bytes);
    /// As reserve, but zeros after growth.
    void* reserve_zeros(cudaStream_t, uint64_t bytes);

  private:
    DeviceMemory& memory_;
    void* data_ = nullptr;
    uint64_t bytes_ = 0;
};

/// Two pinned buffers that uploads pass through, so that copying out of the file's mapping overlaps the bus.
class Staging {
  public:
    ~Staging();
    void upload(cudaStream_t, void* to, const void* from, uint64_t bytes);

  private:
    static constexpr uint64_t kBytes = 16 << 20;
    void prepare();
    void* buffer_[2] = {};
    cudaEvent_t free_[2] = {};
    int next_ = 0;
};

/// Keeps the host at most two marks ahead of the device.
class Throttle {
  public:
    ~Throttle();
    void mark(cudaStream_t);

  private:
    cudaEvent_t event_[2] = {};
    int next_ = 0;
};

class CudaBackend final : public Backend {
  public:
    explicit CudaBackend(const Options&);
    ~CudaBackend() override;

    const Ops& ops() const override;
    std::string describe() const override;
    DType activation_type(DType weights) const override {
        return weights == DType::bf16 ? DType::bf16 : DType::f16;
    }
    uint64_t available_bytes() const override;
    uint64_t scratch_bytes(int64_t widest_row, int64_t prepared) const override;
    bool host_memory() const override { return false; }
    bool attends(int head_dim, KvType) const override;
    int chunk_rows() const override;
    bool gates_at_once() const override { return hopper && !cublas; }
    uint64_t gathered_bytes(int heads, int64_t length, int head_dim) const override;
    uint64_t attention_bytes(KvType, int kv_heads, int64_t length, int head_dim) const override;
    void* allocate(uint64_t bytes) override;
    void release(void* memory, uint64_t bytes) noexcept override;
    void upload(void* to, const void* from, uint64_t bytes) override;
    void place(void* to, const Tensor& weight) override;
    void prepare(std::span<const Tensor> matrices, DType rows) override;
    void download(void* to, const void* from, uint64_t bytes) override;

    /// Before launching `kernel` with that much dynamic shared memory.
    void allow_shared(const void* kernel, int bytes);

    int device = 0;
    int multiprocessors = 0;
    int block_bytes = 0;  // most shared memory of a block
    bool chains = false;  // see chain.cuh
    bool hopper = false;  // its kernels are built, and the device is of compute capability 9.0
    std::string name;
    cudaStream_t stream = nullptr;
    std::mutex busy;  // held by the op that is being queued
    DeviceMemory budget;
    Workspace operand{budget}, weights{budget}, product{budget}, parts{budget}, widened{budget},
        unpacked{budget};
    Workspace arrivals{budget};  // zero between kernels
    Workspace ranking{budget}, penalised{budget};
    Throttle throttle;
    std::unique_ptr<Cublas> cublas;  // null: own kernels
    int queued = 0;                  // weight of ops since the last mark
    struct Prepared {
        const void *data, *values;  // of a weight, and what prepare() made of it: rows of whole 16 bytes
        DType type;
    };
    std::vector<Prepared> prepared;

  private:
    std::unordered_map<const void*, int> shared_bytes_;  // allowed, by kernel
    Staging staging_;
};

/// The calling op's hold on its backend; `end` reports launch failures and paces the host.
class Running {
  public:
    explicit Running(Backend& backend) : cuda(static_cast<CudaBackend&>(backend)), lock_(cuda.busy) {
        check(cudaSetDevice(cuda.device), "selecting the device");
    }
    bool cancelled() const { return cuda.cancelled.load(std::memory_order_relaxed); }
    /// `weight`: 64 make a mark. Ops on a row alone weigh 1: a mark is between kernels that chain otherwise.
    void end(const char* op, int weight = 1) {
        check(cudaGetLastError(), op);
        if ((cuda.queued += weight) < 64) return;
        cuda.queued = 0;
        cuda.throttle.mark(cuda.stream);
    }

    CudaBackend& cuda;

  private:
    std::lock_guard<std::mutex> lock_;
};

inline int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }
inline unsigned parts(int64_t value, int64_t size) {
    return static_cast<unsigned>((value + size - 1) / size);
}
inline float* data(const Matrix& m) { return static_cast<float*>(m.data); }

// The ops; contracts in ops/ops.h.
void embed(Backend&, const Tensor& table, const int32_t* ids, Matrix out);
void rmsnorm(Backend&, Matrix x, const Tensor& weight, float eps, Matrix out);
void matmul(Backend&, const Tensor& w, Matrix x, Matrix out, bool add);
void project(Backend&, std::span<const Projection>, Matrix x);
void add_bias(Backend&, Matrix x, const Tensor& bias);
void add_scaled(Backend&, Matrix x, Matrix more, float scale);
void scale(Backend&, Matrix x, float by);
void soften(Backend&, Matrix x, float cap);
void norm_heads(Backend&, Matrix x, const Tensor& weight, float eps);
void geglu(Backend&, Matrix gate, Matrix up);
void rope(Backend&, Matrix x, const RopeTable&, int start);
void kv_write(Backend&, Matrix k, Matrix v, KvLayer, int start);
void rope_and_store(Backend&, Matrix q, Matrix k, Matrix v, const RopeTable&, KvLayer, int start);
void attend(Backend&, Matrix q, KvLayer, int start, Matrix out);
void select(Backend&, Matrix q, KvLayer, int length, const SelectOptions&, void* scratch, Selection out);
uint64_t select_scratch_bytes(int heads, int length, const SelectOptions&);
void tally(Backend&, Selection, int lists, int length, uint32_t* tally);
void gather(Backend&, KvLayer, int heads, Selection);
void attend_selected(Backend&, Matrix q, KvLayer, int start, Selection, Matrix out);
void plan_blocks(Backend&, Matrix q, KvLayer, int length, const BlockOptions&, Selection, void* scratch,
                 BlockPlan out);
uint64_t plan_scratch_bytes(int heads, int length, int head_dim);
void attend_blocks(Backend&, Matrix q, KvLayer, int start, BlockPlan, Selection, Matrix out);
void swiglu(Backend&, Matrix gate, Matrix up);
void gated(Backend&, const Tensor& gate, const Tensor& up, Matrix x, Matrix out, Matrix room);
void rank(Backend&, Matrix logits, const RankOptions&, Ranking* out);

}  // namespace longleaf::cuda
