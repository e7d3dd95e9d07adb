// Hyper-parameters of a decoder, read from GGUF metadata and checked for sanity before anything is sized
// by them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/gguf.h"

namespace longleaf {

enum class RopeOrder { normal, neox };  // normal: pairs (2i, 2i+1); neox: pairs (i, i + D/2)

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
    float rope_base = 10000.0f;
    float rope_scale = 1.0f;  // linear scaling: theta is multiplied by this
    RopeOrder rope_order = RopeOrder::normal;
    std::vector<float> rope_factors;  // (D/2) divides theta_i (llama3), or empty
};

/// Throws EngineError: unsupported_model for another architecture or rope scaling, naming what is
/// supported; bad_model for absent or absurd values.
Config read_config(const Gguf&);

}  // namespace longleaf
