#include "engine/reading_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/checksum.h"
#include "model/sha256.h"
#include "ops/ops.h"

namespace longleaf {

namespace {

constexpr char magic[8] = {'L', 'L', 'R', 'E', 'A', 'D', 'N', 'G'};
/// Raise it with every change of the layout, and when what a read writes changes by more than rounding.
constexpr uint32_t format = 3;
constexpr uint64_t most_body = uint64_t{1} << 28;  // of a context of millions of tokens

struct Prefix {
    char magic[8];
    uint32_t format;
    uint32_t reserved;
    uint64_t body_bytes;
};
static_assert(sizeof(Prefix) == 24);
constexpr size_t digest_bytes = 64;  // SHA-256 in hex

[[noreturn]] void damaged(const char* what) {
    throw ReadingFault{RestoreOutcome::damaged, std::string("The saved reading is damaged: ") + what + "."};
}

/// The body as bytes. The same function lists the fields for writing and for reading.
class Encoder {
  public:
    static constexpr bool reads = false;
    template <class T>
    void value(const T& v) {
        const auto* at = reinterpret_cast<const uint8_t*>(&v);
        bytes.insert(bytes.end(), at, at + sizeof v);
    }
    template <class List>
    void list(const List& items) {
        value(static_cast<uint64_t>(items.size()));
        const auto* at = reinterpret_cast<const uint8_t*>(items.data());
        bytes.insert(bytes.end(), at, at + items.size() * sizeof(items[0]));
    }
    std::vector<uint8_t> bytes;
};

class Decoder {
  public:
    explicit Decoder(std::span<const uint8_t> bytes) : left_(bytes) {}
    template <class T>
    void value(T& v) {
        std::memcpy(&v, take(1, sizeof v), sizeof v);
    }
    template <class List>
    void list(List& items) {
        uint64_t count = 0;
        value(count);
        constexpr size_t each = sizeof(items[0]);
        const uint8_t* from = take(count, each);
        items.resize(static_cast<size_t>(count));
        if (count > 0) std::memcpy(items.data(), from, static_cast<size_t>(count) * each);
    }
    bool done() const { return left_.empty(); }

  private:
    const uint8_t* take(uint64_t count, size_t each) {
        if (count > left_.size() / each) damaged("its head ends too early");
        const uint8_t* at = left_.data();
        left_ = left_.subspan(static_cast<size_t>(count) * each);
        return at;
    }
    std::span<const uint8_t> left_;
};

template <class Coder, class Header, class Checksums>
void fields(Coder& coder, Header& h, Checksums& checksums) {
    auto& s = h.source;
    coder.list(s.fingerprint);
    coder.value(s.kv_type);
    coder.value(s.layers);
    coder.value(s.kv_heads);
    coder.value(s.head_dim);
    coder.value(s.vocab);
    coder.list(s.theta);
    coder.list(h.device);
    coder.value(h.context_tokens);
    coder.list(h.tokens);
    auto& [tau, layers, window, min_tokens, pool, keep, sinks, per_group, keys_only, blocks] =
        h.asked;  // a field more: list it, and raise `format`
    coder.value(tau);
    coder.list(layers);
    coder.value(window);
    coder.value(min_tokens);
    coder.value(pool);
    coder.value(keep);
    coder.value(sinks);
    coder.value(per_group);
    coder.value(keys_only);
    auto& [pattern, block_layers, gamma, similarity, block_tokens, block_sinks, local] = blocks;
    coder.value(pattern);
    coder.list(block_layers);
    coder.value(gamma);
    coder.value(similarity);
    coder.value(block_tokens);
    coder.value(block_sinks);
    coder.value(local);
    coder.value(h.sparse_length);
    coder.list(h.kept_fraction);
    coder.list(h.logits);
    coder.list(checksums);
}

std::string digest(std::span<const uint8_t> bytes) {
    Sha256 sha;
    sha.update(bytes);
    return sha.finish();
}

size_t chunk_count(const ReadingHeader& h) {
    const size_t blocks = (h.tokens.size() + reading_block - 1) / reading_block;
    return blocks * static_cast<size_t>(h.source.layers);
}

/// A head with a right digest was written by some Longleaf; these hold whichever it was.
void check_sense(const ReadingHeader& h, size_t checksums) {
    const ReadingSource& s = h.source;
    const auto within = [](int value, int most) { return value > 0 && value <= most; };
    const bool shape = within(s.layers, 4096) && within(s.kv_heads, 4096) && within(s.head_dim, 4096) &&
                       within(s.vocab, 1 << 26) && s.kv_type >= KvType::f32 && s.kv_type <= KvType::q8_0;
    const bool lists = shape && h.kept_fraction.size() == static_cast<size_t>(s.layers) &&
                       checksums == chunk_count(h) &&
                       h.logits.size() == (h.sparse_length > 0 ? static_cast<size_t>(s.vocab) : 0);
    const bool tokens = h.sparse_length >= 0 && h.sparse_length <= h.length() &&
                        std::all_of(h.tokens.begin(), h.tokens.end(),
                                    [&](int32_t token) { return token >= 0 && token < s.vocab; });
    if (!lists || !tokens) damaged("its head contradicts itself");
}

}  // namespace

uint64_t ReadingSource::row_bytes() const { return kv_row_bytes(kv_type, head_dim); }

uint64_t ReadingSource::chunk_bytes(int positions) const {
    return 2 * row_bytes() * static_cast<uint64_t>(kv_heads) * static_cast<uint64_t>(positions);
}

std::vector<uint8_t> encode_head(const ReadingHeader& header, std::span<const uint64_t> checksums) {
    Encoder body;
    fields(body, header, checksums);
    Prefix prefix{{}, format, 0, body.bytes.size()};
    std::memcpy(prefix.magic, magic, sizeof magic);
    Encoder head;
    head.value(prefix);
    head.bytes.insert(head.bytes.end(), body.bytes.begin(), body.bytes.end());
    const std::string sum = digest(head.bytes);
    head.bytes.insert(head.bytes.end(), sum.begin(), sum.end());
    return head.bytes;
}

ReadingWriter::ReadingWriter(const std::string& path, ReadingHeader header)
    : header_(std::move(header)), file_(path) {
    // Room for the head, which is written last; zeros are no magic.
    const std::vector<uint64_t> none(chunk_count(header_));
    const std::vector<uint8_t> room(encode_head(header_, none).size());
    file_.write(room);
    bytes_ = room.size();
    checksums_.reserve(none.size());
}

void ReadingWriter::chunk(std::span<const uint8_t> bytes) {
    checksums_.push_back(checksum(bytes));
    file_.write(bytes);
    bytes_ += bytes.size();
}

uint64_t ReadingWriter::finish() {
    file_.rewind();
    file_.write(encode_head(header_, checksums_));
    file_.commit();
    return bytes_;
}

ReadingReader::ReadingReader(const std::string& path) : file_(open_file(path, "rb")) {
    if (!file_) {
        if (errno == ENOENT) throw ReadingFault{RestoreOutcome::missing, "The saved reading is gone."};
        damaged("it cannot be opened");
    }
    Prefix prefix;
    read(&prefix, sizeof prefix);
    if (std::memcmp(prefix.magic, magic, sizeof magic) != 0) damaged("it is no reading");
    if (prefix.format != format)
        throw ReadingFault{RestoreOutcome::foreign, "The saved reading is of another version of Longleaf."};
    if (prefix.body_bytes > most_body) damaged("its head is too long");
    std::vector<uint8_t> head(sizeof prefix + static_cast<size_t>(prefix.body_bytes));
    std::memcpy(head.data(), &prefix, sizeof prefix);
    read(head.data() + sizeof prefix, prefix.body_bytes);
    std::string sum(digest_bytes, '\0');
    read(sum.data(), sum.size());
    if (digest(head) != sum) damaged("its head does not match its digest");
    Decoder body(std::span<const uint8_t>(head).subspan(sizeof prefix));
    fields(body, header_, checksums_);
    if (!body.done()) damaged("its head ends too late");
    check_sense(header_, checksums_.size());
    std::error_code failed;
    const auto size = std::filesystem::file_size(native_path(path), failed);
    if (failed || size != head.size() + digest_bytes +
                              header_.source.chunk_bytes(header_.length()) *
                                  static_cast<uint64_t>(header_.source.layers))
        damaged("it has another length than its head says");
}

void ReadingReader::read(void* to, uint64_t bytes) {
    if (std::fread(to, 1, static_cast<size_t>(bytes), file_.get()) != bytes) damaged("it is cut short");
}

void ReadingReader::chunk(std::span<uint8_t> bytes) {
    read(bytes.data(), bytes.size());
    if (checksum(bytes) != checksums_.at(next_++)) damaged("a part does not match its checksum");
}

}  // namespace longleaf
