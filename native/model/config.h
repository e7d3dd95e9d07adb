// Hyper-parameters of a decoder, read from GGUF metadata and checked for sanity before anything is sized
// by them. What sets families apart is here as values and switches; the forward pass knows no family.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/gguf.h"
#include "model/rope.h"

namespace longleaf {

enum class GateFunction { silu, gelu };  // gelu: the approximation by tanh

struct Config {
    std::string architecture;
    int layers = 0;          // L
    int context_length = 0;  // tokens the model was declared for
    int channels = 0;        // C
    int heads = 0;           // H
    int kv_heads = 0;        // G, divides H
    int head_dim = 0;        // D, even
    int ffn = 0;             // F
    int vocab = 0;           // V
    float rms_eps = 1e-5f;
    Rope rope, window_rope;  // of layers without and with a window

    int window = 0;              // positions a windowed layer sees, its own included; 0: there are none
    std::vector<bool> windowed;  // (L), or empty
    std::vector<bool> unturned;  // (L) layers without rotary embedding, or empty

    bool query_key_norm = false;  // RMSNorm of each head of q and k before they turn
    bool post_norms = false;      // RMSNorm of what attention and FFN add to the residual stream
    GateFunction gate = GateFunction::silu;
    float embedding_scale = 1.0f, residual_scale = 1.0f, logit_scale = 1.0f;
    float attention_scale = 0.0f;                            // of q . k; 0: 1 / sqrt(D)
    float attention_soft_cap = 0.0f, logit_soft_cap = 0.0f;  // x becomes cap * tanh(x / cap); 0: none

    bool has_window(int layer) const { return !windowed.empty() && windowed[static_cast<size_t>(layer)]; }
    bool turns(int layer) const { return unturned.empty() || !unturned[static_cast<size_t>(layer)]; }
    const Rope& rope_of(int layer) const { return has_window(layer) ? window_rope : rope; }
    /// Whether a layer's attention is what token selection understands.
    bool may_be_sparse(int layer) const { return !has_window(layer) && attention_soft_cap == 0; }
    /// Whether what attention and FFN return is added to the residual stream as it is.
    bool adds_plainly() const { return !post_norms && residual_scale == 1; }
};

/// Throws EngineError: unsupported_model for another architecture or rope scaling, naming what is
/// supported; bad_model for absent or absurd values.
Config read_config(const Gguf&);

}  // namespace longleaf
