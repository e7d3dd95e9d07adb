#include "engine/cache.h"

#include "ops/quant.h"

namespace longleaf {

uint64_t kv_bytes_per_token(const Config& config, KvType type) {
    return 2 * kv_row_bytes(type, config.head_dim) * static_cast<uint64_t>(config.kv_heads) *
           static_cast<uint64_t>(config.layers);
}

KvCache::KvCache(Backend& backend, const Config& config, KvType type, int64_t capacity)
    : kv_heads_(config.kv_heads),
      head_dim_(config.head_dim),
      type_(type),
      capacity_(capacity),
      soft_cap_(config.attention_soft_cap) {
    if (type == KvType::q8_0 && config.head_dim % 32 != 0)
        throw EngineError(ErrorCode::bad_request,
                          "KV type q8_0 stores blocks of 32 values, but the heads of this model have " +
                              std::to_string(config.head_dim) + ".",
                          "Choose KV type f16.");
    const uint64_t bytes = kv_row_bytes(type, config.head_dim) * static_cast<uint64_t>(config.kv_heads) *
                           static_cast<uint64_t>(capacity);
    for (int l = 0; l < config.layers; ++l) {
        k_.emplace_back(backend, bytes);
        v_.emplace_back(backend, bytes);
        windows_.push_back(config.has_window(l) ? config.window : 0);
    }
}

KvLayer KvCache::layer(int index) const {
    KvLayer layer;
    layer.k = k_[index].data();
    layer.v = v_[index].data();
    layer.type = type_;
    layer.kv_heads = kv_heads_;
    layer.head_dim = head_dim_;
    layer.capacity = capacity_;
    layer.window = windows_[static_cast<size_t>(index)];
    layer.soft_cap = soft_cap_;
    return layer;
}

}  // namespace longleaf
