// A stretch of a backend's memory that is released with its owner.
#pragma once

#include <utility>

#include "ops/ops.h"

namespace longleaf {

class Buffer {
  public:
    Buffer() = default;
    Buffer(Backend& backend, uint64_t bytes) : backend_(&backend), bytes_(bytes) {
        if (bytes > 0) data_ = backend.allocate(bytes);
    }
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Buffer() {
        if (data_) backend_->release(data_, bytes_);
    }

    void* data() const { return data_; }
    uint64_t bytes() const { return bytes_; }

  private:
    void swap(Buffer& other) noexcept {
        std::swap(backend_, other.backend_);
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
    }

    Backend* backend_ = nullptr;
    void* data_ = nullptr;
    uint64_t bytes_ = 0;
};

}  // namespace longleaf
