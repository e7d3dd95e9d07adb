// Binds the tensors of a decoder by name, dtype and shape. Weights stay in the file's
// mapping, in the file's type; nothing is copied.
#pragma once

#include <vector>

#include "model/config.h"
#include "model/gguf.h"
#include "ops/tensor.h"

namespace longleaf {

struct LayerWeights {
    Tensor attn_norm;    // (C) f32
    Tensor q;            // (H * D, C)
    Tensor k;            // (G * D, C)
    Tensor v;            // (G * D, C)
    Tensor attn_output;  // (C, H * D)
    Tensor ffn_norm;     // (C) f32
    Tensor gate;         // (F, C)
    Tensor up;           // (F, C)
    Tensor down;         // (C, F)

    // f32; without data where the family or the file has none.
    Tensor q_bias;               // (H * D)
    Tensor k_bias, v_bias;       // (G * D)
    Tensor q_norm, k_norm;       // (D), of every head
    Tensor attn_post, ffn_post;  // (C), of what attention and FFN add
};

/// What the layers' matrices are stored as. A quantised file keeps a few of another type.
struct MatrixTypes {
    DType most = DType::f32;  // by values
    bool alike = true;        // all of them are
};

struct Weights {
    Tensor embedding;                  // (V, C)
    Tensor output_norm;                // (C) f32
    Tensor output;                     // (V, C); the embedding when tied
    std::vector<LayerWeights> layers;  // (L)
    uint64_t bytes = 0;                // of all tensors bound
    MatrixTypes in_layers;
};

/// Throws EngineError{bad_model} for a missing tensor or a shape that disagrees with the configuration, and
/// EngineError{unsupported_model} for a type this engine does not read.
Weights bind_weights(const Gguf&, const Config&);

}  // namespace longleaf
