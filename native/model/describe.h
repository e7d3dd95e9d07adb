// What a model file says about itself, for people and for the library.
#pragma once

#include "engine.h"
#include "model/config.h"
#include "model/gguf.h"

namespace longleaf {

/// Throws EngineError{bad_model} when a token id lies outside the vocabulary.
ModelInfo describe(const Gguf&, const Config&);

/// Whether prompts start with the BOS token: as declared, else what the pre-tokenizer's family does.
bool declared_add_bos(const Gguf&);

/// A key that names a token ("tokenizer.ggml.eos_token_id"): -1 when absent, bad_model when >= vocab.
int32_t token_id(const Gguf&, const char* key, int vocab);

}  // namespace longleaf
