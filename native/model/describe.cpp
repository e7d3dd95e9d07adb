#include "model/describe.h"

#include "model/fingerprint.h"
#include "ops/quant.h"

namespace longleaf {
namespace {

std::string most_common_matrix_type(const Gguf& gguf) {
    std::map<std::string, int> counts;
    for (const auto& tensor : gguf.tensors())
        if (tensor.ne.size() > 1) ++counts[gguf_type_name(tensor.type)];
    std::string best;
    int most = 0;
    for (const auto& [name, count] : counts)
        if (count > most) best = name, most = count;
    return best;
}

std::string without_extension(const std::string& name) {
    return name.ends_with(".gguf") ? name.substr(0, name.size() - 5) : name;
}

std::string token_text(const Gguf& gguf, const char* key, int vocab) {
    const auto id = token_id(gguf, key, vocab);
    const auto* tokens = gguf.strings("tokenizer.ggml.tokens");
    if (id < 0 || !tokens) return {};
    return std::string(tokens->at(static_cast<size_t>(id)));
}

}  // namespace

int32_t token_id(const Gguf& gguf, const char* key, int vocab) {
    const auto id = gguf.integer(key);
    if (!id) return -1;
    if (*id < 0 || *id >= vocab)
        gguf.fail(ErrorCode::bad_model,
                  "key " + quoted(key) + " is " + std::to_string(*id) + "; the vocabulary has " +
                      std::to_string(vocab) + " tokens",
                  "Look for another file of this model.");
    return static_cast<int32_t>(*id);
}

bool declared_add_bos(const Gguf& gguf) {
    if (const auto declared = gguf.boolean("tokenizer.ggml.add_bos_token")) return *declared;
    if (gguf.text("tokenizer.ggml.model").value_or("") == "llama") return true;
    const auto pre = gguf.text("tokenizer.ggml.pre").value_or("");
    for (const auto* with : {"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "tekken"})
        if (pre == with) return true;
    return false;
}

ModelInfo describe(const Gguf& gguf, const Config& config) {
    ModelInfo info;
    info.architecture = config.architecture;
    info.name = gguf.text("general.name").value_or(without_extension(gguf.file().name()));
    info.licence = gguf.text("general.license").value_or("");
    info.quantisation = most_common_matrix_type(gguf);
    info.chat_template = gguf.text("tokenizer.chat_template").value_or("");
    info.bos_token = token_text(gguf, "tokenizer.ggml.bos_token_id", config.vocab);
    info.eos_token = token_text(gguf, "tokenizer.ggml.eos_token_id", config.vocab);
    info.fingerprint = fingerprint(gguf);
    info.file_bytes = gguf.file().size();
    for (const auto& tensor : gguf.tensors()) info.parameters += tensor.elements();
    info.context_length = config.context_length;
    info.layers = config.layers;
    info.embedding_length = config.channels;
    info.ffn_length = config.ffn;
    info.heads = config.heads;
    info.kv_heads = config.kv_heads;
    info.head_dim = config.head_dim;
    info.vocab_size = config.vocab;
    info.add_bos = declared_add_bos(gguf);
    return info;
}

}  // namespace longleaf
