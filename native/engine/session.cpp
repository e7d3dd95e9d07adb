#include "engine/session.h"

#include <algorithm>
#include <optional>

#include "engine/answer_text.h"
#include "engine/clock.h"
#include "engine/memory_plan.h"

namespace longleaf {

TokenSession::TokenSession(SessionParts parts)
    : parts_(std::move(parts)),
      switch_(*parts_.turnstile),
      cache_(backend(), config(), parts_.kv_type, static_cast<int64_t>(parts_.context_tokens) + cache_slack),
      one_row_(config(), backend(), DType::f32, 1, nullptr, false),
      logits_(backend(), static_cast<uint64_t>(config().vocab) * sizeof(float)),
      ranking_(backend(), sizeof(Ranking)) {}

void TokenSession::check_tokens(std::span<const int32_t> tokens) const {
    const int limit = parts_.context_tokens;
    if (tokens.size() > static_cast<size_t>(limit))
        throw EngineError(ErrorCode::context_full,
                          "The text is " + std::to_string(tokens.size()) +
                              " tokens long; the context holds " + std::to_string(limit) + ", " +
                              std::to_string(tokens.size() - limit) + " fewer.",
                          "Leave out a document, or load the model with a longer context.");
    for (const int32_t token : tokens)
        if (token < 0 || token >= config().vocab)
            throw EngineError(ErrorCode::bad_request, "Token " + std::to_string(token) +
                                                          " is not in the vocabulary of " +
                                                          std::to_string(config().vocab) + ".");
}

SparsityPlan TokenSession::plan_of(const Sparsity& sparsity, int start, int length) const {
    SparsityPlan plan = plan_sparsity(sparsity, config().layers, start, length);
    for (int l = 0; l < config().layers; ++l)
        if (!config().may_be_sparse(l)) plan.keep_dense(l);
    return plan;
}

/// The plan was made at load; since then other programs may have taken the memory it counted on.
void TokenSession::check_memory(int start, int rows, const SparsityPlan& plan) const {
    const int growth = backend().host_memory() ? std::max(0, start + rows - touched_) : 0;
    const uint64_t needed =
        kv_bytes_per_token(config(), parts_.kv_type) * static_cast<uint64_t>(growth) +
        Scratch::bytes(config(), backend(), parts_.decoder.activations, rows, &plan.options, plan.plans());
    if (needed < (uint64_t{64} << 20)) return;
    const uint64_t available = backend().available_bytes();
    if (needed > available)
        throw EngineError(ErrorCode::no_memory,
                          "Reading " + std::to_string(rows) + " tokens needs " + readable_bytes(needed) +
                              ", but other programs have left " + readable_bytes(available) + ".",
                          "Close other programs, or load the model with KV type q8_0.");
}

ReadResult TokenSession::read(std::span<const int32_t> tokens, const Sparsity& sparsity,
                              const ReadingCallback& on_progress) {
    const auto begun = Clock::now();
    const int length = static_cast<int>(tokens.size());
    check_tokens(tokens);
    const bool sparse = plan_of(sparsity, 0, length).any();
    ReadResult result;
    result.kept_fraction.assign(config().layers, 1.0f);
    result.block_fraction = result.kept_fraction;

    Turnstile::Turn turn(switch_);
    int keep = timeline_.reusable(tokens, sparsity, sparse);
    const bool know_logits = keep == logits_at_ || (keep > 0 && keep == timeline_.sparse_length());
    if (keep == length && keep > 0 && !know_logits) --keep;  // the last row again, for its logits
    result.reused_tokens = keep;
    result.cancelled = !turn.granted();
    if (result.cancelled) return result;

    // check_memory first: a refused read changes nothing.
    if (keep < length) check_memory(keep, length - keep, plan_of(sparsity, keep, length));
    timeline_.truncate(keep);
    if (logits_at_ != keep) logits_at_ = -1;
    if (keep < length) {
        result.cancelled = !prefill(tokens, keep, sparsity, on_progress, result);
        if (!result.cancelled) result.read_tokens = length - keep;
    }
    result.seconds = seconds_since(begun);
    return result;
}

/// Reads tokens[start ..] onto a timeline of `start` tokens.
bool TokenSession::prefill(std::span<const int32_t> tokens, int start, const Sparsity& sparsity,
                           const ReadingCallback& on_progress, ReadResult& result, LayerDrift* drift) {
    const int length = static_cast<int>(tokens.size());
    const SparsityPlan plan = plan_of(sparsity, start, length);
    Pass pass;
    pass.ids = tokens.subspan(start);
    pass.start = start;
    pass.answer = length - start - 1;
    pass.sparsity = &plan;
    pass.drift = drift;
    // One row alone may be summed in another order than among others (ops.h): give it a neighbour, whose K
    // and V land beyond the end and are overwritten by what comes next.
    int32_t padded[2];
    if (pass.ids.size() == 1) {
        padded[0] = padded[1] = tokens.back();
        pass.ids = padded;
    }
    const int rows = static_cast<int>(pass.ids.size());
    const Scratch scratch(config(), backend(), parts_.decoder.activations, rows,
                          plan.selects() ? &plan.options : nullptr, plan.plans());
    const double cost = Cost(config()).pass(start, rows, drift ? rows : last_layer_rows(rows), plan);
    Progress progress(cost, length - start, on_progress);
    pass.progress = &progress;
    pass.logits = logits_row();

    logits_at_ = -1;
    touched_ = std::max(touched_, start + rows);
    PassResult out;
    if (!forward(parts_.decoder, cache_, scratch, pass, out)) return false;
    timeline_.was_read(tokens, start, sparsity, plan.any());
    logits_at_ = length;
    if (plan.any()) reading_logits_ = logits_here();
    result.kept_fraction = std::move(out.kept_fraction);
    result.block_fraction = std::move(out.block_fraction);
    result.kept_places = std::move(out.kept_places);
    if (start == 0) reading_kept_ = result.kept_fraction;
    progress.finish();
    return true;
}

DriftResult TokenSession::drift(std::span<const int32_t> tokens, const ReadingCallback& on_progress) {
    const auto begun = Clock::now();
    const int length = static_cast<int>(tokens.size());
    check_tokens(tokens);
    if (length < 2) throw EngineError(ErrorCode::bad_request, "Drift is measured over two tokens or more.");
    DriftResult result;
    Turnstile::Turn turn(switch_);
    result.cancelled = !turn.granted();
    if (result.cancelled) return result;
    check_memory(0, length, plan_of({}, 0, length));
    timeline_.truncate(0);
    LayerDrift drift(backend(), config().layers);
    ReadResult read;
    result.cancelled = !prefill(tokens, 0, {}, on_progress, read, &drift);
    if (!result.cancelled) result.layers = drift.mean();
    result.seconds = seconds_since(begun);
    return result;
}

bool TokenSession::decode(int32_t token) {
    const SparsityPlan dense = plan_of(Sparsity{}, timeline_.cached(), 1);
    Pass pass;
    pass.ids = {&token, 1};
    pass.start = timeline_.cached();
    pass.sparsity = &dense;
    pass.logits = logits_row();
    pass.watch = watch_;
    logits_at_ = -1;
    touched_ = std::max(touched_, pass.start + 1);
    PassResult out;
    if (!forward(parts_.decoder, cache_, one_row_, pass, out)) return false;
    timeline_.all_cached();
    logits_at_ = timeline_.length();
    return true;
}

bool TokenSession::settle() {
    const int length = timeline_.length();
    if (length == 0) throw EngineError(ErrorCode::bad_request, "The session is empty; read something first.");
    if (logits_at_ == length && timeline_.cached() == length) return true;
    if (timeline_.cached() == length && timeline_.sparse_length() == length) {
        backend().upload(logits_.data(), reading_logits_.data(), reading_logits_.size() * sizeof(float));
        logits_at_ = length;
        return true;
    }
    if (timeline_.cached() == length - 1 && timeline_.cached() > 0)
        return decode(timeline_.tokens().back());  // the last sampled token
    const std::vector<int32_t> tokens = timeline_.tokens();
    const int start = std::min(timeline_.cached(), length - 1);
    ReadResult ignored;
    return prefill(tokens, start, timeline_.asked(), {}, ignored);
}

std::vector<float> TokenSession::logits() {
    Turnstile::Turn turn(switch_);
    if (!turn.granted() || !settle()) return {};
    return logits_here();
}

std::vector<float> TokenSession::logits_here() const {
    std::vector<float> logits(static_cast<size_t>(config().vocab));
    backend().download(logits.data(), logits_.data(), logits.size() * sizeof(float));
    return logits;
}

int32_t TokenSession::next_token(Sampler& sampler) const {
    const RankOptions asked = sampler.ask(timeline_.tokens(), config().vocab);
    backend().ops().rank(backend(), logits_row(), asked, static_cast<Ranking*>(ranking_.data()));
    Ranking ranking;
    backend().download(&ranking, ranking_.data(), Ranking::bytes(asked.most));
    return sampler.sample(ranking, [this] { return logits_here(); });
}

void TokenSession::rewind(int length) {
    if (length < 0 || length > timeline_.length())
        throw EngineError(ErrorCode::bad_request, "Cannot rewind to " + std::to_string(length) +
                                                      " tokens; the session has " +
                                                      std::to_string(timeline_.length()) + ".");
    timeline_.truncate(length);
    if (logits_at_ != length) logits_at_ = -1;
}

void TokenSession::check_heads(const GenerateOptions& options) const {
    for (const auto [layer, head] : options.watch)
        if (layer < 0 || layer >= config().layers || head < 0 || head >= config().heads)
            throw EngineError(ErrorCode::bad_request, "There is no head " + std::to_string(head) +
                                                          " of layer " + std::to_string(layer) + ".");
    if (options.watch_positions < 0 || options.watch_positions > timeline_.length())
        throw EngineError(ErrorCode::bad_request,
                          std::to_string(options.watch_positions) + " positions cannot be watched.");
}

GenerateResult TokenSession::generate(const GenerateOptions& options, const TokenCallback& on_token) {
    const auto begun = Clock::now();
    if (options.max_tokens < 1)
        throw EngineError(ErrorCode::bad_request,
                          "max_tokens is " + std::to_string(options.max_tokens) + "; it must be at least 1.");
    check_heads(options);
    Sampler sampler(options.sampling);
    AnswerText text(options.stop);
    std::optional<AttentionWatch> watch;
    struct Watching {  // ends with this call, however it ends
        AttentionWatch*& pointer;
        ~Watching() { pointer = nullptr; }
    } watching{watch_};
    GenerateResult result;
    result.reason = FinishReason::cancelled;
    const auto finish = [&](FinishReason reason) {
        result.reason = reason;
        const std::string rest = text.finish();
        if (!rest.empty() && on_token) on_token(rest, -1);
        if (watch && !switch_.cancelled()) result.attention = watch->attention(backend(), cache_);
        result.seconds = seconds_since(begun);
        return result;
    };

    Turnstile::Turn turn(switch_);
    if (!turn.granted() || !settle()) return finish(FinishReason::cancelled);
    if (!options.watch.empty()) watch.emplace(options.watch, options.watch_positions, config());
    watching.pointer = watch ? &*watch : nullptr;
    for (;;) {
        if (switch_.cancelled()) return finish(FinishReason::cancelled);
        if (timeline_.length() >= parts_.context_tokens) return finish(FinishReason::context_full);
        const int32_t token = next_token(sampler);
        if (result.tokens == 0) result.first_token_seconds = seconds_since(begun);
        timeline_.push(token);
        if (parts_.tokenizer->is_end(token)) return finish(FinishReason::stop);
        ++result.tokens;
        const std::string ready = text.push(parts_.tokenizer->piece(token));
        if (on_token) on_token(ready, token);
        if (text.stopped()) return finish(FinishReason::stop);
        if (result.tokens == options.max_tokens) return finish(FinishReason::length);
        if (!decode(token)) return finish(FinishReason::cancelled);
    }
}

}  // namespace longleaf
