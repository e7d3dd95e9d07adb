#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <array>

#include "engine.h"
#include "model/describe.h"

namespace longleaf {
namespace {

constexpr size_t most_token_bytes = 4096;
constexpr uint64_t most_text_bytes = uint64_t{1} << 30;

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

VocabularyTokenizer::VocabularyTokenizer(const Gguf& gguf, int vocab) {
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
    read_ends(gguf);
    add_bos_ = declared_add_bos(gguf);
}

void VocabularyTokenizer::read_texts(const Gguf& gguf, int vocab) {
    const auto* tokens = gguf.strings("tokenizer.ggml.tokens");
    if (!tokens)
        gguf.fail(ErrorCode::bad_model, "key \"tokenizer.ggml.tokens\" is missing", damaged_vocabulary);
    if (tokens->size() != static_cast<size_t>(vocab))
        gguf.fail(ErrorCode::bad_model,
                  "the vocabulary has " + std::to_string(tokens->size()) + " tokens, the model " +
                      std::to_string(vocab),
                  damaged_vocabulary);
    for (const auto text : *tokens) {
        if (text.size() > most_token_bytes)
            gguf.fail(ErrorCode::bad_model,
                      "token " + std::to_string(texts_.size()) + " is " + std::to_string(text.size()) +
                          " bytes long; at most " + std::to_string(most_token_bytes) + " are allowed",
                      damaged_vocabulary);
        longest_text_ = std::max(longest_text_, text.size());
        texts_.emplace_back(text);
    }
}

void VocabularyTokenizer::read_kinds(const Gguf& gguf) {
    kinds_.assign(texts_.size(), Kind::normal);
    const auto* types = gguf.array("tokenizer.ggml.token_type");
    if (types && types->integers.size() != texts_.size())
        gguf.fail(ErrorCode::bad_model,
                  "key \"tokenizer.ggml.token_type\" must have " + std::to_string(texts_.size()) +
                      " integers, found " + std::to_string(types->integers.size()),
                  damaged_vocabulary);
    for (size_t i = 0; i < texts_.size(); ++i) {
        const int64_t type = types ? types->integers[i] : 1;
        if (type < 0 || type > 6)
            gguf.fail(
                ErrorCode::bad_model,
                "token " + std::to_string(i) + " has type " + std::to_string(type) + "; 1 to 6 are defined",
                damaged_vocabulary);
        constexpr Kind kinds[] = {Kind::normal,       Kind::normal, Kind::unknown, Kind::control,
                                  Kind::user_defined, Kind::unused, Kind::byte};
        kinds_[i] = kinds[type];
        if ((kinds_[i] == Kind::normal && is_end_text(texts_[i])) ||
            (kinds_[i] == Kind::user_defined && is_turn_marker(texts_[i])))
            kinds_[i] = Kind::control;
    }
}

void VocabularyTokenizer::read_ends(const Gguf& gguf) {
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

void VocabularyTokenizer::check_length(std::string_view text) const {
    if (text.size() > most_text_bytes)
        throw EngineError(ErrorCode::bad_request, "a text of " + std::to_string(text.size()) +
                                                      " bytes is too long to be tokenised in one piece");
}

VocabularyTokenizer::Kind VocabularyTokenizer::kind_of(int32_t token) const {
    if (token < 0 || static_cast<size_t>(token) >= texts_.size())
        throw EngineError(ErrorCode::bad_request,
                          "token " + std::to_string(token) + " is not in the vocabulary");
    return kinds_[static_cast<size_t>(token)];
}

}  // namespace longleaf
