// The KV cache of one session. Reserved whole, committed by use: pages of positions that were never written
// cost address space only.
#pragma once

#include <vector>

#include "engine/buffer.h"
#include "model/config.h"
#include "ops/ops.h"

namespace longleaf {

/// Bytes of K and V of one position, all layers.
uint64_t kv_bytes_per_token(const Config&, KvType);

class KvCache {
  public:
    /// Throws EngineError: bad_request when the type does not suit the head size, no_memory.
    KvCache(Backend&, const Config&, KvType, int64_t capacity);

    KvLayer layer(int index) const;
    int64_t capacity() const { return capacity_; }

  private:
    int kv_heads_, head_dim_;
    KvType type_;
    int64_t capacity_;
    std::vector<int64_t> windows_;  // (L)
    float soft_cap_;
    std::vector<Buffer> k_, v_;  // (L), each (G, capacity, D)
};

}  // namespace longleaf
