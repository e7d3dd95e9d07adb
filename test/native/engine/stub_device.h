// A backend without ops or memory, for what is decided before either is needed.
#pragma once

#include "ops/ops.h"

class StubDevice final : public longleaf::Backend {
  public:
    explicit StubDevice(uint64_t available, std::string name = "stub")
        : available_(available), name_(std::move(name)) {
        ops_.select_scratch_bytes = [](int heads, int length, const longleaf::SelectOptions&) {
            return static_cast<uint64_t>(heads) * static_cast<uint64_t>(length) * 8;
        };
    }
    const longleaf::Ops& ops() const override { return ops_; }
    std::string describe() const override { return name_; }
    uint64_t available_bytes() const override { return available_; }
    uint64_t scratch_bytes(int64_t, int64_t prepared) const override {
        return (1 << 20) + 2 * static_cast<uint64_t>(prepared);
    }
    bool attends(int head_dim, longleaf::KvType) const override { return head_dim <= 256; }
    int chunk_rows() const override { return rows; }
    longleaf::DType activation_type(longleaf::DType) const override { return activations; }
    void* allocate(uint64_t) override { return ++allocations, nullptr; }
    void release(void*, uint64_t) noexcept override {}
    void upload(void*, const void*, uint64_t) override {}
    void download(void*, const void*, uint64_t) override {}

    int allocations = 0, rows = 512;
    longleaf::DType activations = longleaf::DType::f32;

  private:
    longleaf::Ops ops_{};
    uint64_t available_;
    std::string name_;
};
