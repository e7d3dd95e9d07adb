// The public face of the engine. Callers see models, tokens and events; never tensors.
//
// An Engine is one loaded model on one device; it is immutable and may be shared between threads.
// A Session is one mutable timeline of tokens with its KV cache; one thread uses it at a time, except
// that cancel() and resume() may be called from any thread. Sessions of one engine take turns on its device:
// a call waits for the running one, and can be cancelled while it waits.
//
// Every failure is an EngineError and leaves the session usable. Cancellation is an outcome
// (FinishReason::cancelled), not an error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace longleaf {

enum class ErrorCode {
    bad_model,          // the file is damaged or lies about itself
    unsupported_model,  // a sound file that this engine cannot run
    no_memory,          // the plan does not fit, or the system refused memory
    context_full,       // the tokens do not fit the session's context
    bad_request,        // an argument out of range
    device_lost,        // a device fault; the process must be restarted
    storage,            // a file could not be written
    internal,           // a bug in Longleaf
};

/// "bad_model", "unsupported_model", ...: the spelling used by main/contract/failure.ts.
const char* error_code_name(ErrorCode code);

class EngineError : public std::runtime_error {
  public:
    EngineError(ErrorCode code, const std::string& message, std::string hint = {})
        : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}
    ErrorCode code() const { return code_; }
    const std::string& hint() const { return hint_; }  // what the user can do; may be empty

  private:
    ErrorCode code_;
    std::string hint_;
};

enum class KvType { f32, f16, q8_0 };
enum class Simd { automatic, scalar, avx2, avx512 };
enum class Device { automatic, cpu, cuda };

struct LoadOptions {
    std::string path;  // UTF-8 path of a GGUF file
    int threads = 0;   // 0: one per core this process may use
    KvType kv_type = KvType::f16;
    int context_tokens = 0;       // 0: as many as the model declares and memory allows
    Simd simd = Simd::automatic;  // anything the processor lacks is an error
    /// automatic: a GPU that works and holds model and context (of those asked for 0, a useful one), else the
    /// CPU, and MemoryPlan::note says why.
    Device device = Device::automatic;
    uint64_t vram_limit_bytes = 0;  // most memory of a GPU the engine may take; 0: what is free
    bool allow_q8_kv = false;       // K and V in q8_0 where kv_type does not hold the context
};

struct ModelInfo {
    std::string architecture, name, licence, quantisation;
    std::string chat_template;  // Jinja source; empty when the file has none
    std::string bos_token, eos_token;
    std::string fingerprint;  // hex digest of header, metadata, tensor table and sampled tensor bytes
    uint64_t file_bytes = 0, parameters = 0;
    int context_length = 0, layers = 0, embedding_length = 0, ffn_length = 0;
    int heads = 0, kv_heads = 0, head_dim = 0, vocab_size = 0;
    bool add_bos = false;
};

struct MemoryPlan {
    uint64_t weights_bytes = 0, kv_bytes = 0, scratch_bytes = 0;  // peaks
    uint64_t total_bytes = 0, available_bytes = 0;
    int context_tokens = 0;          // what a session of this plan can hold
    int largest_context_tokens = 0;  // what would fit in available_bytes
    bool fits = false;
    KvType kv_type = KvType::f16;
    std::string note;  // for people, where device or KV type are a second choice; else empty
};

/// A stretch of prompt text. Only the chat template's own text may contain special tokens; document and
/// user text is tokenised with `special = false`, so it can never forge a turn.
struct Segment {
    std::string text;
    bool special = false;
};

enum class BlockPattern { none, flex, stripes };

/// Block-sparse attention for one prefill: in these layers a query looks into some blocks of keys only.
/// flex: where FlexPrefill's plan (arXiv 2502.20766) expects attention; stripes: the first and the nearest.
struct BlockSparsity {
    BlockPattern pattern = BlockPattern::none;
    std::vector<int> layers;       // 0-based
    float gamma = 0.95f;           // flex: share of attention to cover, [0, 1]
    float similarity = 0.1f;       // flex: least distance at which a head is planned by its profiles
    int min_tokens = 1024;         // flex: least budget; stripes: shorter texts are dense
    int sinks = 128, local = 512;  // stripes: first and nearest tokens, in whole blocks

    bool operator==(const BlockSparsity&) const = default;
};

/// Token Sparse Attention (arXiv 2602.03216 §2) for one prefill. tau and keep 0, or no layers: dense, bit for
/// bit.
struct Sparsity {
    float tau = 0;              // attention mass that may be dropped per layer, [0, 1)
    std::vector<int> layers;    // which layers may be sparse, 0-based
    int window = 128;           // W: last queries that score, and always-kept tail, tokens
    int min_tokens = 1024;      // fewest prefix tokens a head keeps
    int pool = 7;               // width of the average pool over scores, odd
    float keep = 0;             // instead of tau, where not 0: share of tokens every head keeps, [0, 1)
    int sinks = 0;              // first tokens, always kept
    bool per_group = false;     // the heads of a kv head keep the same tokens
    bool keys_only = false;     // dropped tokens are dropped as keys alone: every query attends (CPU)
    BlockSparsity blocks = {};  // beside it: on what a layer keeps, and in other layers

    bool operator==(const Sparsity&) const = default;
};

struct Sampling {
    float temperature = 0;         // 0: greedy
    int top_k = 0;                 // 0: off
    float top_p = 1;               // 1: off
    float min_p = 0;               // 0: off
    float repetition_penalty = 1;  // 1: off
    int repetition_window = 256;   // tokens looked back at
    uint64_t seed = 0;
};

struct ReadingProgress {
    int tokens_done = 0, tokens_total = 0;  // tokens_done = share of the work done * tokens_total
    double seconds = 0;                     // since the start of this read
};

inline constexpr int kept_stretches = 128;

struct ReadResult {
    bool cancelled = false;
    int reused_tokens = 0;  // common prefix found in the session
    int read_tokens = 0;    // tokens actually prefilled
    double seconds = 0;
    std::vector<float> kept_fraction;   // (L) share of tokens each layer attended over; 1 = dense
    std::vector<float> block_fraction;  // (L) share of blocks looked into, of those among them; 1 = all
    /// (L, kept_stretches) where a layer looked: the text in stretches of equal length, in order, and of each
    /// the share of its tokens that a head keeps or, in a layer that goes by blocks alone, the share of later
    /// queries that look there, on average over heads and tokens. 1: everything. Empty when no layer left
    /// anything out by intention.
    std::vector<float> kept_places;
};

struct SaveResult {
    bool saved = false;  // false: cancelled, and no file was left
    uint64_t bytes = 0;
    double seconds = 0;
};

enum class RestoreOutcome {
    restored,
    no_gain,    // it has no more to give to such a read than the session holds already
    cancelled,  // the session is empty
    missing,    // there is no such file
    foreign,    // of another model file, KV type or version of Longleaf
    damaged,    // cut short or changed since it was written; the session may be empty
};

struct RestoreResult {
    RestoreOutcome outcome = RestoreOutcome::cancelled;
    int tokens = 0;  // that a read of the same tokens now finds
    double seconds = 0;
    std::vector<float> kept_fraction;  // (L) of the read that was saved
    std::string reason;                // for people, where the file is of no use
};

struct DriftResult {
    bool cancelled = false;
    double seconds = 0;
    std::vector<double> layers;  // (L) mean relative change of a token; empty when cancelled
};

enum class FinishReason { stop, length, cancelled, context_full };

struct WatchedHead {
    int layer = 0, head = 0;  // 0-based, query heads
};

struct GenerateResult {
    FinishReason reason = FinishReason::stop;
    int tokens = 0;
    std::vector<float> attention;  // (watch, watch_positions); empty when cancelled or none was asked for
    double first_token_seconds = 0, seconds = 0;  // both since the call
};

struct GenerateOptions {
    Sampling sampling;
    int max_tokens = 512;
    /// Heads whose attention to the first `watch_positions` tokens is told: the mean over the generated
    /// tokens (of a long answer, over some of them).
    std::vector<WatchedHead> watch;
    int watch_positions = 0;
    std::vector<std::string> stop;  // extra stop strings; end-of-generation tokens always stop
};

using LoadProgress = std::function<bool(float fraction)>;  // false: give up
using ReadingCallback = std::function<void(const ReadingProgress&)>;
/// Whole characters of UTF-8, maybe none. Token -1: text held back until now, without a new token.
using TokenCallback = std::function<void(const std::string& utf8, int token)>;

class Session {
  public:
    virtual ~Session() = default;

    /// Makes the timeline equal `tokens`: keeps the longest common prefix that was read in the same way,
    /// drops what follows it and prefills the rest. Sparsity acts only when the read starts at 0; a later
    /// extension is dense against the full KV cache.
    ///
    /// "In the same way": what a sparse prefill wrote depends on all the tokens it read, so it is kept whole
    /// or not at all, and only under the same Sparsity. Dense tokens are kept when this read would be dense
    /// too; under an unchanged Sparsity (a short beginning was read densely) also when they are at least as
    /// many as those still to read. Otherwise the read starts at 0.
    ///
    /// Cancelled or failed: the timeline is the kept prefix.
    virtual ReadResult read(std::span<const int32_t> tokens, const Sparsity&, const ReadingCallback&) = 0;

    /// Writes the first `length` tokens, their K and V and how they were read to a file that restore() takes,
    /// whole or not at all. They must have been read, a sparse reading whole. Throws EngineError{storage}.
    virtual SaveResult save(const std::string& path, int length) = 0;

    /// Takes from such a file what a read of `tokens` under this Sparsity would keep, if that is more than
    /// it would keep of the present timeline. A read and what follows it then give the same as if the file's
    /// tokens had been read here, bit for bit where the same device wrote it. A file that was cut or changed
    /// is never used.
    virtual RestoreResult restore(const std::string& path, std::span<const int32_t> tokens, const Sparsity&,
                                  const ReadingCallback&) = 0;

    /// Reads `tokens`, two or more, densely from 0 and measures how far each layer moves them
    /// (Inter-Layer Representation Drift): sparsity belongs in the layers that move them least. The timeline
    /// is `tokens` then; cancelled or failed: empty.
    virtual DriftResult drift(std::span<const int32_t> tokens, const ReadingCallback&) = 0;

    /// Samples after the last token of the timeline; sampled tokens join it, those of a stop string and the
    /// end token included. Needs a non-empty timeline.
    virtual GenerateResult generate(const GenerateOptions&, const TokenCallback&) = 0;

    /// Logits (V) after the last token; empty when cancelled. For tests and evaluation.
    virtual std::vector<float> logits() = 0;

    /// Keeps the first `length` tokens. Inside a sparse reading they must be read again, by the next call.
    virtual void rewind(int length) = 0;
    virtual const std::vector<int32_t>& tokens() const = 0;

    /// Obeyed within 200 ms by the running call, and at once by later ones until resume(). Two functions,
    /// because only the caller knows whether a cancel() that comes late was meant for the next call.
    virtual void cancel() = 0;
    virtual void resume() = 0;
};

/// The layers whose share of all drift is at most the delta-quantile of the shares, ascending. Throws
/// EngineError{bad_request} for what is no drift, or a delta outside [0, 1].
std::vector<int> quiet_layers(std::span<const double> drift, double delta);

class Engine {
  public:
    /// Throws EngineError. Allocates nothing large before the memory plan fits. nullptr when `progress` gave
    /// up.
    static std::shared_ptr<Engine> load(const LoadOptions&, const LoadProgress& = {});

    /// Reads the header only. Throws EngineError.
    static ModelInfo inspect(const std::string& path);
    static MemoryPlan plan(const LoadOptions&);  // bad_request for more context than the model declares

    virtual ~Engine() = default;
    virtual const ModelInfo& info() const = 0;
    virtual const MemoryPlan& memory() const = 0;
    virtual std::string device() const = 0;  // "CPU, AVX2, 2 threads"
    virtual std::vector<int32_t> tokenize(std::span<const Segment>) const = 0;
    virtual std::string detokenize(std::span<const int32_t>) const = 0;
    virtual bool is_end_token(int32_t token) const = 0;
    virtual std::unique_ptr<Session> open_session() = 0;  // KV is reserved lazily, committed by use
};

}  // namespace longleaf
