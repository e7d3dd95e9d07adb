// Binds the tensors of a Llama-architecture decoder by name, dtype and shape. Weights stay in the file's
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
};

struct Weights {
    Tensor embedding;                  // (V, C)
    Tensor output_norm;                // (C) f32
    Tensor output;                     // (V, C); the embedding when tied
    std::vector<LayerWeights> layers;  // (L)
    uint64_t bytes = 0;                // of all tensors bound
    std::vector<DType> types;          // of its matrices, each once
};

/// Throws EngineError{bad_model} for a missing tensor or a shape that disagrees with the configuration, and
/// EngineError{unsupported_model} for a type this engine does not read.
Weights bind_weights(const Gguf&, const Config&);

}  // namespace longleaf
