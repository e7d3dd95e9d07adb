// Text to tokens and back, as the model file defines it. Special tokens are recognised only where the
// caller says so. Immutable after construction; safe to share between threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf.h"

namespace longleaf {

class Tokenizer {
  public:
    /// Chooses the implementation by tokenizer.ggml.model and .pre. Throws EngineError: unsupported_model
    /// naming what is supported, bad_model for a damaged vocabulary.
    static std::unique_ptr<Tokenizer> create(const Gguf&, int vocab);
    virtual ~Tokenizer() = default;

    /// Appends the tokens of `text` (any bytes; invalid UTF-8 is kept byte for byte).
    virtual void encode(std::string_view text, bool special, std::vector<int32_t>& out) const = 0;
    /// Bytes of one token; control tokens give an empty string.
    virtual std::string piece(int32_t token) const = 0;

    int32_t bos() const { return bos_; }  // -1: none
    int32_t eos() const { return eos_; }  // -1: none
    bool add_bos() const { return add_bos_; }
    bool is_end(int32_t token) const;  // eos, eot, eom and the usual end-of-turn texts
    const std::string& token_text(int32_t token) const { return texts_.at(token); }

  protected:
    int32_t bos_ = -1, eos_ = -1;
    bool add_bos_ = false;
    std::vector<std::string> texts_;  // (V) as in the file
    std::vector<int32_t> ends_;
};

/// Joins token bytes into valid UTF-8, holding back an incomplete character until it is whole.
class Utf8Stream {
  public:
    std::string push(std::string_view bytes);  // what can be shown now
    std::string finish();                      // U+FFFD for anything left over

  private:
    std::string held_;
};

}  // namespace longleaf
