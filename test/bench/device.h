// What benchmarks of ops share: memory of a backend, and a prefill's rows in chunks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "ops/ops.h"

namespace bench {

/// Memory of the backend.
struct Device {
    Device(longleaf::Backend& on, uint64_t size) : backend(on), bytes(size), data(on.allocate(size)) {}
    ~Device() { backend.release(data, bytes); }
    Device(const Device&) = delete;
    /// With the values of a pool, again and again.
    template <class T>
    void fill(const std::vector<T>& pool) {
        const uint64_t step = pool.size() * sizeof(T);
        for (uint64_t at = 0; at < bytes; at += step)
            backend.upload(static_cast<char*>(data) + at, pool.data(), std::min(step, bytes - at));
    }
    longleaf::Matrix matrix(int64_t rows, int64_t cols, longleaf::DType type = longleaf::DType::f32) const {
        return {data, rows, cols, cols, type};
    }
    longleaf::Matrix halves(int64_t rows, int64_t cols) const {
        return matrix(rows, cols, longleaf::DType::f16);
    }
    longleaf::Backend& backend;
    uint64_t bytes;
    void* data;
};

/// All of a prefill's rows, as many at a time as forward has, but at most so many: their first, and how many.
inline void each_chunk(const longleaf::Backend& b, int length, int most,
                       const std::function<void(int, int)>& body) {
    const int step = std::min(most, b.chunk_rows());
    for (int at = 0; at < length; at += step) body(at, std::min(step, length - at));
}

}  // namespace bench
