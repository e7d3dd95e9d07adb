// What tests of sessions begin with: one small random model, sparsity that leaves some of a few hundred
// tokens out, and the logits of a fresh read.
#pragma once

#include "engine/tiny_model.h"

namespace small {

using namespace longleaf;
using Logits = std::vector<float>;

inline std::shared_ptr<Engine> load(const std::string& path, KvType kv, int context = 0) {
    LoadOptions options;
    options.path = path;
    options.threads = 2;
    options.device = Device::cpu;
    options.kv_type = kv;
    options.context_tokens = context;
    return Engine::load(options);
}

inline const tiny::File& model_file() {
    static const tiny::File file(tiny::make({}, 21));
    return file;
}
inline std::shared_ptr<Engine> load(KvType kv = KvType::f16, int context = 0) {
    return load(model_file().path(), kv, context);
}

inline Sparsity sparse(float tau = 0.3f) {
    Sparsity s;
    s.tau = tau;
    s.layers = {1, 2};
    s.window = 16;
    s.min_tokens = 24;
    return s;
}

inline Logits fresh(const std::shared_ptr<Engine>& engine, std::span<const int32_t> tokens,
                    const Sparsity& s = {}) {
    const auto session = engine->open_session();
    session->read(tokens, s, {});
    return session->logits();
}

}  // namespace small
