// A timeline of tokens with its cache, on one engine. Session is the public face (engine.h); this is how.
#pragma once

#include <memory>

#include "engine.h"
#include "engine/buffer.h"
#include "engine/forward.h"
#include "engine/reading_file.h"
#include "engine/timeline.h"
#include "engine/turn.h"
#include "sampler/sampler.h"
#include "tokenizer/tokenizer.h"

namespace longleaf {

/// What sessions share; owned by the engine, which every session keeps alive.
struct SessionParts {
    std::shared_ptr<const void> owner;
    Decoder decoder;
    const Tokenizer* tokenizer = nullptr;
    Turnstile* turnstile = nullptr;
    KvType kv_type = KvType::f16;
    int context_tokens = 0;
    std::string fingerprint;  // of the model file: readings are saved under it
};

class TokenSession final : public Session {
  public:
    explicit TokenSession(SessionParts);

    ReadResult read(std::span<const int32_t> tokens, const Sparsity&, const ReadingCallback&) override;
    DriftResult drift(std::span<const int32_t> tokens, const ReadingCallback&) override;
    GenerateResult generate(const GenerateOptions&, const TokenCallback&) override;
    std::vector<float> logits() override;
    void rewind(int length) override;
    SaveResult save(const std::string& path, int length) override;
    RestoreResult restore(const std::string& path, std::span<const int32_t> tokens, const Sparsity&,
                          const ReadingCallback&) override;
    const std::vector<int32_t>& tokens() const override { return timeline_.tokens(); }
    void cancel() override { switch_.cancel(); }
    void resume() override { switch_.resume(); }

  private:
    const Config& config() const { return *parts_.decoder.config; }
    Backend& backend() const { return *parts_.decoder.backend; }
    void check_heads(const GenerateOptions&) const;
    void check_tokens(std::span<const int32_t> tokens) const;
    /// Layers whose attention selection does not understand stay dense.
    SparsityPlan plan_of(const Sparsity&, int start, int length) const;
    void check_memory(int start, int rows, const SparsityPlan&) const;
    bool prefill(std::span<const int32_t> tokens, int start, const Sparsity&, const ReadingCallback&,
                 ReadResult&, LayerDrift* = nullptr);
    bool decode(int32_t token);
    ReadingSource reading_source() const;
    RestoreResult restore_from(ReadingReader&, std::span<const int32_t> tokens, const Sparsity&,
                               const ReadingCallback&);
    bool settle();  // makes logits_ those after the last token; false when cancelled
    Matrix logits_row() const { return {logits_.data(), 1, config().vocab, config().vocab}; }
    std::vector<float> logits_here() const;
    int32_t next_token(Sampler&) const;

    SessionParts parts_;
    Turnstile::Switch switch_;
    KvCache cache_;
    Scratch one_row_;
    Timeline timeline_;
    int touched_ = 0;          // positions ever written: their pages are ours
    Buffer logits_, ranking_;  // (V) f32 after logits_at_ tokens; a Ranking of them
    int logits_at_ = -1;
    AttentionWatch* watch_ = nullptr;  // of the running generate()
    std::vector<float>
        reading_logits_;               // (V) at the end of the sparse prefill, which cannot be redone in part
    std::vector<float> reading_kept_;  // (L) of the read that started at 0
};

}  // namespace longleaf
