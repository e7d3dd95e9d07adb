// Saving what a session read, and taking it back. The cache may be a device's own memory: everything goes
// through the backend's copies, a chunk at a time.
#include <algorithm>

#include "engine/clock.h"
#include "engine/memory_plan.h"
#include "engine/reading_file.h"
#include "engine/session.h"

namespace longleaf {

namespace {

/// The stretches of a layer's cache that a chunk is made of, in the file's order.
template <class Visit>
void each_stretch(const KvLayer& layer, const ReadingSource& source, int first, int count, Visit visit) {
    const uint64_t row = source.row_bytes(), bytes = row * static_cast<uint64_t>(count);
    uint64_t at = 0;
    for (void* const cache : {layer.k, layer.v})
        for (int head = 0; head < layer.kv_heads; ++head, at += bytes) {
            const uint64_t rows = static_cast<uint64_t>(head) * static_cast<uint64_t>(layer.capacity) +
                                  static_cast<uint64_t>(first);
            visit(static_cast<uint8_t*>(cache) + rows * row, at, bytes);
        }
}

}  // namespace

ReadingSource TokenSession::reading_source() const {
    const Config& c = config();
    std::vector<float> theta = inverse_frequencies(c.rope, parts_.context_tokens);
    const auto windowed = inverse_frequencies(c.window_rope, parts_.context_tokens);
    theta.insert(theta.end(), windowed.begin(), windowed.end());
    return {parts_.fingerprint, parts_.kv_type, c.layers, c.kv_heads, c.head_dim, c.vocab, std::move(theta)};
}

SaveResult TokenSession::save(const std::string& path, int length) {
    const auto begun = Clock::now();
    if (length < 1 || length > timeline_.cached() || length < timeline_.sparse_length())
        throw EngineError(ErrorCode::bad_request,
                          "Cannot save " + std::to_string(length) + " tokens; the session has read " +
                              std::to_string(timeline_.cached()) + ", " +
                              std::to_string(timeline_.sparse_length()) + " of them sparsely.");
    SaveResult result;
    Turnstile::Turn turn(switch_);
    if (!turn.granted()) return result;
    ReadingHeader header;
    header.source = reading_source();
    header.device = backend().describe();
    header.context_tokens = parts_.context_tokens;
    header.tokens.assign(timeline_.tokens().begin(), timeline_.tokens().begin() + length);
    header.asked = timeline_.asked();
    header.sparse_length = timeline_.sparse_length();
    header.kept_fraction = reading_kept_;
    if (header.sparse_length > 0) header.logits = reading_logits_;
    const ReadingSource source = header.source;
    ReadingWriter file(path, std::move(header));
    std::vector<uint8_t> chunk(source.chunk_bytes(std::min(length, reading_block)));
    for (int first = 0; first < length; first += reading_block) {
        const int count = std::min(reading_block, length - first);
        chunk.resize(source.chunk_bytes(count));
        for (int l = 0; l < source.layers; ++l) {
            if (switch_.cancelled()) return result;
            each_stretch(cache_.layer(l), source, first, count, [&](void* at, uint64_t to, uint64_t bytes) {
                backend().download(chunk.data() + to, at, bytes);
            });
            file.chunk(chunk);
        }
    }
    result.bytes = file.finish();
    result.saved = true;
    result.seconds = seconds_since(begun);
    return result;
}

RestoreResult TokenSession::restore(const std::string& path, std::span<const int32_t> tokens,
                                    const Sparsity& sparsity, const ReadingCallback& on_progress) {
    check_tokens(tokens);
    RestoreResult result;
    Turnstile::Turn turn(switch_);
    if (!turn.granted()) return result;
    try {
        ReadingReader file(path);
        result = restore_from(file, tokens, sparsity, on_progress);
    } catch (const ReadingFault& fault) {
        result.outcome = fault.outcome;
        result.reason = fault.reason;
    }
    return result;
}

/// The timeline is emptied before the cache is written to, and says what the cache holds once all of it is.
RestoreResult TokenSession::restore_from(ReadingReader& file, std::span<const int32_t> tokens,
                                         const Sparsity& sparsity, const ReadingCallback& on_progress) {
    const auto begun = Clock::now();
    const ReadingHeader& header = file.header();
    const ReadingSource source = reading_source();
    RestoreResult result;
    result.outcome = RestoreOutcome::foreign;
    result.reason = "The saved reading was made with another model file, or with K and V of another type.";
    if (header.source != source) return result;
    const bool sparse = plan_of(sparsity, 0, static_cast<int>(tokens.size())).any();
    Timeline saved;
    saved.resume(header.tokens, header.asked, header.sparse_length);
    const int useful = saved.reusable(tokens, sparsity, sparse);
    result.outcome = RestoreOutcome::no_gain;
    result.reason.clear();
    if (useful <= timeline_.reusable(tokens, sparsity, sparse)) return result;
    check_memory(0, useful, plan_of({}, 0, useful));

    timeline_.truncate(0);
    logits_at_ = -1;
    touched_ = std::max(touched_, useful);
    std::vector<uint8_t> chunk;
    for (int first = 0; first < useful; first += reading_block) {
        const int held = std::min(reading_block, header.length() - first);
        chunk.resize(source.chunk_bytes(held));
        for (int l = 0; l < source.layers; ++l) {
            result.outcome = RestoreOutcome::cancelled;
            if (switch_.cancelled()) return result;
            file.chunk(chunk);
            each_stretch(cache_.layer(l), source, first, held, [&](void* at, uint64_t from, uint64_t bytes) {
                backend().upload(at, chunk.data() + from, bytes);
            });
        }
        const int done = std::min(useful, first + held);
        if (on_progress) on_progress({done, useful, seconds_since(begun)});
    }
    saved.truncate(useful);
    timeline_ = std::move(saved);
    if (timeline_.sparse_length() > 0) reading_logits_ = header.logits;
    reading_kept_ = header.kept_fraction;
    result.outcome = RestoreOutcome::restored;
    result.tokens = useful;
    result.kept_fraction = header.kept_fraction;
    result.seconds = seconds_since(begun);
    return result;
}

}  // namespace longleaf
