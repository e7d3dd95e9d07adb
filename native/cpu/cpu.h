// The CPU backend as its ops see it.
#pragma once

#include <mutex>
#include <vector>

#include "cpu/kernels.h"
#include "cpu/memory.h"
#include "cpu/pool.h"
#include "ops/ops.h"

namespace longleaf::cpu {

class CpuBackend final : public Backend {
  public:
    CpuBackend(int threads, const Kernels&);

    const Ops& ops() const override;
    std::string describe() const override;
    uint64_t available_bytes() const override { return available_memory(); }
    uint64_t scratch_bytes(int64_t widest_row, int64_t prepared) const override;
    void* allocate(uint64_t bytes) override;
    void release(void* memory, uint64_t bytes) noexcept override { unmap_pages(memory, bytes); }
    void upload(void* to, const void* from, uint64_t bytes) override;
    void download(void* to, const void* from, uint64_t bytes) override;

    const Kernels& kernels;
    Pool pool;
    std::mutex busy;              // held by the op that runs
    Scratch shared;               // of the running op
    std::vector<Scratch> locals;  // (threads) of the running op
};

/// The calling op's hold on its backend: no other op runs until it ends.
class Running {
  public:
    explicit Running(Backend& backend) : cpu(static_cast<CpuBackend&>(backend)), lock_(cpu.busy) {}

    CpuBackend& cpu;

    const Kernels& kernels() const { return cpu.kernels; }
    int threads() const { return cpu.pool.threads(); }
    bool cancelled() const { return cpu.cancelled.load(std::memory_order_relaxed); }
    float* shared(int64_t floats);
    void reserve_local(int64_t floats);  // before parallel(); tasks cannot report failure
    float* local(int thread) const {
        return reinterpret_cast<float*>(cpu.locals[static_cast<size_t>(thread)].data());
    }

    /// body(task, thread); see Pool::run. Stops early when cancelled.
    template <class Body>
    void parallel(int64_t count, Body&& body) {
        cpu.pool.run(count, cpu.cancelled, body);
    }

  private:
    std::lock_guard<std::mutex> lock_;
};

inline int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }
inline int64_t parts(int64_t value, int64_t size) { return (value + size - 1) / size; }
inline float* row(const Matrix& m, int64_t r) { return static_cast<float*>(m.data) + r * m.stride; }

/// Positions of one head in a cache: k or v of KvLayer.
inline Rows head_rows(const void* cache, const KvLayer& kv, int64_t head, const int32_t* index = nullptr) {
    const size_t bytes = kv_row_bytes(kv.type, kv.head_dim);
    return {static_cast<const char*>(cache) + static_cast<size_t>(head * kv.capacity) * bytes, bytes, index};
}

/// The same rows from number `first` on.
inline Rows from_row(const Rows& rows, int64_t first) {
    if (rows.index) return {rows.data, rows.row_bytes, rows.index + first};
    return {static_cast<const char*>(rows.data) + static_cast<size_t>(first) * rows.row_bytes, rows.row_bytes,
            nullptr};
}

// The ops; contracts in ops/ops.h.
void embed(Backend&, const Tensor& table, const int32_t* ids, Matrix out);
void rmsnorm(Backend&, Matrix x, const Tensor& weight, float eps, Matrix out);
void matmul(Backend&, const Tensor& w, Matrix x, Matrix out, bool add);
void norm_heads(Backend&, Matrix x, const Tensor& weight, float eps);
void add_bias(Backend&, Matrix x, const Tensor& bias);
void add_scaled(Backend&, Matrix x, Matrix more, float scale);
void scale(Backend&, Matrix x, float by);
void soften(Backend&, Matrix x, float cap);
void geglu(Backend&, Matrix gate, Matrix up);
void rope(Backend&, Matrix x, const RopeTable&, int start);
void kv_write(Backend&, Matrix k, Matrix v, KvLayer, int start);
void rope_and_store(Backend&, Matrix q, Matrix k, Matrix v, const RopeTable&, KvLayer, int start);
void attend(Backend&, Matrix q, KvLayer, int start, Matrix out);
void select(Backend&, Matrix q, KvLayer, int length, const SelectOptions&, void* scratch, Selection out);
uint64_t select_scratch_bytes(int heads, int length, const SelectOptions&);
void tally(Backend&, Selection, int lists, int length, uint32_t* tally);
void attend_selected(Backend&, Matrix q, KvLayer, int start, Selection, Matrix out);
void plan_blocks(Backend&, Matrix q, KvLayer, int length, const BlockOptions&, Selection, void* scratch,
                 BlockPlan out);
uint64_t plan_scratch_bytes(int heads, int length, int head_dim);
void attend_blocks(Backend&, Matrix q, KvLayer, int start, BlockPlan, Selection, Matrix out);
void swiglu(Backend&, Matrix gate, Matrix up);
void project(Backend&, std::span<const Projection>, Matrix x);
void gated(Backend&, const Tensor& gate, const Tensor& up, Matrix x, Matrix out, Matrix room);
void rank(Backend&, Matrix logits, const RankOptions&, Ranking* out);

}  // namespace longleaf::cpu
