// A reading on disk: what a session holds of its first tokens, so that they need not be read again.
//
//   head      magic, format, length of the body; the body: header and a checksum of every chunk; SHA-256 of
//             all that
//   chunks    per block of 1024 positions, per layer: K then V, per kv head the rows of those positions as
//             the cache stores them. The first n positions are the beginning of the file.
//
// Everything little-endian. A head is written last, so a file cut short has none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine.h"
#include "engine/durable_file.h"

namespace longleaf {

inline constexpr int reading_block = 1024;  // positions

/// What the K and V of a position depend on, beside the tokens before it. Must be equal to be used.
struct ReadingSource {
    std::string fingerprint;  // of the model file: its tensors, tokenizer and rope
    KvType kv_type = KvType::f16;
    int layers = 0, kv_heads = 0, head_dim = 0, vocab = 0;
    std::vector<float> theta;  // of layers without and with a window: LongRoPE's depend on the context
    bool operator==(const ReadingSource&) const = default;

    uint64_t row_bytes() const;                 // K or V of one position, one kv head
    uint64_t chunk_bytes(int positions) const;  // of one layer
};

struct ReadingHeader {
    ReadingSource source;
    std::string device;      // which one read it: for people
    int context_tokens = 0;  // of the session that read it: for people
    std::vector<int32_t> tokens;
    Sparsity asked;                    // of the read that started at 0
    int sparse_length = 0;             // as Timeline has it
    std::vector<float> kept_fraction;  // (L) of that read
    std::vector<float> logits;         // (V) after sparse_length tokens; empty when that is 0

    int length() const { return static_cast<int>(tokens.size()); }
};

/// Why a file is of no use. Private to engine/; Session::restore turns it into a result.
struct ReadingFault {
    RestoreOutcome outcome;
    std::string reason;
};

class ReadingWriter {
  public:
    ReadingWriter(const std::string& path, ReadingHeader);  // throws EngineError{storage}, as all members
    void chunk(std::span<const uint8_t> bytes);             // in the file's order
    uint64_t finish();                                      // bytes of the file

  private:
    ReadingHeader header_;
    std::vector<uint64_t> checksums_;
    DurableFile file_;
    uint64_t bytes_ = 0;
};

class ReadingReader {
  public:
    explicit ReadingReader(const std::string& path);  // throws ReadingFault, as all members
    const ReadingHeader& header() const { return header_; }
    void chunk(std::span<uint8_t> bytes);  // the next one, checked

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    void read(void* to, uint64_t bytes);

    std::unique_ptr<std::FILE, Close> file_;
    ReadingHeader header_;
    std::vector<uint64_t> checksums_;
    size_t next_ = 0;
};

/// The head of a reading of these chunks, ready to be written; for the tests, which damage it.
std::vector<uint8_t> encode_head(const ReadingHeader&, std::span<const uint64_t> checksums);

}  // namespace longleaf
