#include "tokenizer/bpe.h"

#include <algorithm>

#include "engine.h"
#include "model/describe.h"
#include "tokenizer/byte_level.h"

namespace longleaf {
namespace {

constexpr auto damaged = "The vocabulary is damaged. Look for another file of this model.";
constexpr size_t most_token_bytes = 4096;
constexpr uint64_t most_text_bytes = uint64_t{1} << 30;
constexpr size_t cached_word_bytes = 32, cached_words = size_t{1} << 16;

/// Texts that close a turn or the text in every model that has them.
constexpr std::array<std::string_view, 7> end_texts = {
    "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"};

bool is_end_text(std::string_view text) {
    return std::find(end_texts.begin(), end_texts.end(), text) != end_texts.end();
}

/// Some files declare their turn markers as user-defined, which would let a document forge a turn.
bool is_turn_marker(std::string_view text) {
    return is_end_text(text) || text == "<start_of_turn>" || text == "[INST]" || text == "[/INST]" ||
           (text.size() > 4 && text.starts_with("<|") && text.ends_with("|>"));
}

}  // namespace

struct BpeTokenizer::Scratch {
    explicit Scratch(const MergeTable& merges) : merger(merges) {}
    struct Slice {
        size_t begin, end;
    };
    WordMerger merger;
    std::vector<int32_t> symbols;                      // of the current word
    std::unordered_map<std::string_view, Slice> seen;  // words of the text -> slice of tokens
    std::vector<int32_t> tokens;
};

BpeTokenizer::BpeTokenizer(const Gguf& gguf, int vocab, PreTokenizer pattern)
    : pattern_(pattern), whole_words_first_(pattern == PreTokenizer::llama3) {
    read_texts(gguf, vocab);
    read_kinds(gguf);
    for (size_t i = 0; i < texts_.size(); ++i) {
        const auto id = static_cast<int32_t>(i);
        if (kinds_[i] == Kind::normal) ids_.emplace(texts_[i], id);
        if (texts_[i].empty()) continue;
        if (kinds_[i] == Kind::user_defined) always_.add(texts_[i], id);
        if (kinds_[i] == Kind::user_defined || kinds_[i] == Kind::control) special_.add(texts_[i], id);
    }
    always_.seal();
    special_.seal();
    read_bytes(gguf);
    read_merges(gguf);
    read_ends(gguf);
    add_bos_ = declared_add_bos(gguf);
}

void BpeTokenizer::read_texts(const Gguf& gguf, int vocab) {
    const auto* tokens = gguf.strings("tokenizer.ggml.tokens");
    if (!tokens) gguf.fail(ErrorCode::bad_model, "key \"tokenizer.ggml.tokens\" is missing", damaged);
    if (tokens->size() != static_cast<size_t>(vocab))
        gguf.fail(ErrorCode::bad_model,
                  "the vocabulary has " + std::to_string(tokens->size()) + " tokens, the model " +
                      std::to_string(vocab),
                  damaged);
    for (const auto text : *tokens) {
        if (text.size() > most_token_bytes)
            gguf.fail(ErrorCode::bad_model,
                      "token " + std::to_string(texts_.size()) + " is " + std::to_string(text.size()) +
                          " bytes long; at most " + std::to_string(most_token_bytes) + " are allowed",
                      damaged);
        longest_text_ = std::max(longest_text_, text.size());
        texts_.emplace_back(text);
    }
}

void BpeTokenizer::read_kinds(const Gguf& gguf) {
    kinds_.assign(texts_.size(), Kind::normal);
    const auto* types = gguf.array("tokenizer.ggml.token_type");
    if (types && types->integers.size() != texts_.size())
        gguf.fail(ErrorCode::bad_model,
                  "key \"tokenizer.ggml.token_type\" must have " + std::to_string(texts_.size()) +
                      " integers, found " + std::to_string(types->integers.size()),
                  damaged);
    for (size_t i = 0; i < texts_.size(); ++i) {
        const int64_t type = types ? types->integers[i] : 1;
        if (type < 0 || type > 6)
            gguf.fail(
                ErrorCode::bad_model,
                "token " + std::to_string(i) + " has type " + std::to_string(type) + "; 1 to 6 are defined",
                damaged);
        constexpr Kind kinds[] = {Kind::normal,       Kind::normal, Kind::unknown, Kind::control,
                                  Kind::user_defined, Kind::unused, Kind::unused};
        kinds_[i] = kinds[type];
        if ((kinds_[i] == Kind::normal && is_end_text(texts_[i])) ||
            (kinds_[i] == Kind::user_defined && is_turn_marker(texts_[i])))
            kinds_[i] = Kind::control;
    }
}

void BpeTokenizer::read_bytes(const Gguf& gguf) {
    const int32_t unknown =
        token_id(gguf, "tokenizer.ggml.unknown_token_id", static_cast<int>(texts_.size()));
    for (int byte = 0; byte < 256; ++byte) {
        const auto found = ids_.find(bytes_to_text(std::string(1, static_cast<char>(byte))));
        byte_tokens_[byte] = found != ids_.end() ? found->second : unknown;
        if (byte_tokens_[byte] < 0)
            gguf.fail(
                ErrorCode::bad_model,
                "the vocabulary has no token for byte " + std::to_string(byte) + " and no unknown token",
                damaged);
    }
}

void BpeTokenizer::read_merges(const Gguf& gguf) {
    const auto* lines = gguf.strings("tokenizer.ggml.merges");
    if (!lines) gguf.fail(ErrorCode::bad_model, "key \"tokenizer.ggml.merges\" is missing", damaged);
    // A token that is not normal must never come out of merging, so its merges are left out.
    std::unordered_map<std::string_view, int32_t> others;
    for (size_t i = 0; i < texts_.size(); ++i)
        if (kinds_[i] != Kind::normal) others.emplace(texts_[i], static_cast<int32_t>(i));
    uint32_t rank = 0;
    for (const auto line : *lines) {
        const auto space = line.find(' ', 1);
        if (space == std::string_view::npos || space + 1 == line.size())
            gguf.fail(ErrorCode::bad_model, "merge " + std::to_string(rank) + " is not a pair of tokens",
                      damaged);
        const std::string whole = std::string(line.substr(0, space)).append(line.substr(space + 1));
        const std::array<std::string_view, 3> parts = {line.substr(0, space), line.substr(space + 1), whole};
        int32_t ids[3];
        bool usable = true;
        for (int i = 0; i < 3; ++i) {
            const auto found = ids_.find(parts[i]);
            if (found == ids_.end() && !others.contains(parts[i]))
                gguf.fail(
                    ErrorCode::bad_model,
                    "merge " + std::to_string(rank) + " needs a token that the vocabulary does not have",
                    damaged);
            usable = usable && found != ids_.end();
            ids[i] = found != ids_.end() ? found->second : -1;
        }
        if (usable) merges_.add(ids[0], {ids[1], ids[2], rank});
        ++rank;
    }
    merges_.seal(static_cast<int>(texts_.size()));
}

void BpeTokenizer::read_ends(const Gguf& gguf) {
    const int vocab = static_cast<int>(texts_.size());
    bos_ = token_id(gguf, "tokenizer.ggml.bos_token_id", vocab);
    eos_ = token_id(gguf, "tokenizer.ggml.eos_token_id", vocab);
    for (const auto* key :
         {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
        if (const auto id = token_id(gguf, key, vocab); id >= 0) ends_.push_back(id);
    for (int32_t id = 0; id < vocab; ++id)
        if (kinds_[static_cast<size_t>(id)] == Kind::control && is_end_text(texts_[static_cast<size_t>(id)]))
            ends_.push_back(id);
}

void BpeTokenizer::encode(std::string_view text, bool special, std::vector<int32_t>& out) const {
    if (text.size() > most_text_bytes)
        throw EngineError(ErrorCode::bad_request, "a text of " + std::to_string(text.size()) +
                                                      " bytes is too long to be tokenised in one piece");
    const auto& matcher = special ? special_ : always_;
    Scratch scratch(merges_);
    for (size_t at = 0; at < text.size();) {
        const auto match = matcher.find(text, at);
        encode_words(text.substr(at, match.at - at), scratch, out);
        if (match.bytes > 0) out.push_back(match.token);
        at = match.at + match.bytes;
    }
}

void BpeTokenizer::encode_words(std::string_view text, Scratch& scratch, std::vector<int32_t>& out) const {
    while (!text.empty()) {
        const auto word = text.substr(0, next_word(pattern_, text));
        text.remove_prefix(word.size());
        if (word.size() > cached_word_bytes) {
            encode_word(word, scratch, out);
            continue;
        }
        auto found = scratch.seen.find(word);
        if (found == scratch.seen.end()) {
            if (scratch.seen.size() == cached_words) {
                scratch.seen.clear();
                scratch.tokens.clear();
            }
            const size_t begin = scratch.tokens.size();
            encode_word(word, scratch, scratch.tokens);
            found = scratch.seen.emplace(word, Scratch::Slice{begin, scratch.tokens.size()}).first;
        }
        const auto& [begin, end] = found->second;
        out.insert(out.end(), scratch.tokens.begin() + static_cast<ptrdiff_t>(begin),
                   scratch.tokens.begin() + static_cast<ptrdiff_t>(end));
    }
}

void BpeTokenizer::encode_word(std::string_view word, Scratch& scratch, std::vector<int32_t>& out) const {
    if (whole_words_first_ && word.size() <= longest_text_) {
        const auto found = ids_.find(bytes_to_text(word));
        if (found != ids_.end()) return out.push_back(found->second);
    }
    scratch.symbols.clear();
    for (const unsigned char byte : word) scratch.symbols.push_back(byte_tokens_[byte]);
    scratch.merger.merge(scratch.symbols, out);
}

std::string BpeTokenizer::piece(int32_t token) const {
    if (token < 0 || static_cast<size_t>(token) >= texts_.size())
        throw EngineError(ErrorCode::bad_request,
                          "token " + std::to_string(token) + " is not in the vocabulary");
    const auto at = static_cast<size_t>(token);
    if (kinds_[at] == Kind::normal) return text_to_bytes(texts_[at]);
    return kinds_[at] == Kind::user_defined ? texts_[at] : std::string();
}

}  // namespace longleaf
