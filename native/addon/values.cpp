#include "addon/values.h"

#include <cstring>

namespace longleaf::addon {

static double number(uint64_t bytes) { return static_cast<double>(bytes); }

Napi::Object to_js(Napi::Env env, const ModelInfo& info) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("architecture", info.architecture);
    o.Set("name", info.name);
    o.Set("licence", info.licence);
    o.Set("quantisation", info.quantisation);
    o.Set("chatTemplate", info.chat_template);
    o.Set("bosToken", info.bos_token);
    o.Set("eosToken", info.eos_token);
    o.Set("addBos", info.add_bos);
    o.Set("fingerprint", info.fingerprint);
    o.Set("fileBytes", number(info.file_bytes));
    o.Set("parameters", number(info.parameters));
    o.Set("contextLength", info.context_length);
    o.Set("layers", info.layers);
    o.Set("embeddingLength", info.embedding_length);
    o.Set("ffnLength", info.ffn_length);
    o.Set("heads", info.heads);
    o.Set("kvHeads", info.kv_heads);
    o.Set("headDim", info.head_dim);
    o.Set("vocabSize", info.vocab_size);
    return o;
}

static const char* kv_type_name(KvType type) {
    return type == KvType::f32 ? "f32" : type == KvType::f16 ? "f16" : "q8_0";
}

Napi::Object to_js(Napi::Env env, const MemoryPlan& plan) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("weightsBytes", number(plan.weights_bytes));
    o.Set("kvBytes", number(plan.kv_bytes));
    o.Set("scratchBytes", number(plan.scratch_bytes));
    o.Set("totalBytes", number(plan.total_bytes));
    o.Set("availableBytes", number(plan.available_bytes));
    o.Set("contextTokens", plan.context_tokens);
    o.Set("largestContextTokens", plan.largest_context_tokens);
    o.Set("fits", plan.fits);
    o.Set("kvType", kv_type_name(plan.kv_type));
    o.Set("note", plan.note);
    return o;
}

Napi::Object to_js(Napi::Env env, const ReadingProgress& progress) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("tokensDone", progress.tokens_done);
    o.Set("tokensTotal", progress.tokens_total);
    o.Set("seconds", progress.seconds);
    return o;
}

static Napi::Array to_array(Napi::Env env, const std::vector<float>& values) {
    Napi::Array array = Napi::Array::New(env, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, values[i]);
    return array;
}

Napi::Object to_js(Napi::Env env, const ReadResult& result) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("cancelled", result.cancelled);
    o.Set("reusedTokens", result.reused_tokens);
    o.Set("readTokens", result.read_tokens);
    o.Set("seconds", result.seconds);
    o.Set("keptFraction", to_array(env, result.kept_fraction));
    o.Set("blockFraction", to_array(env, result.block_fraction));
    o.Set("keptPlaces", to_js(env, result.kept_places));
    return o;
}

static const char* reason_name(FinishReason reason) {
    switch (reason) {
        case FinishReason::stop:
            return "stop";
        case FinishReason::length:
            return "length";
        case FinishReason::cancelled:
            return "cancelled";
        case FinishReason::context_full:
            return "context_full";
    }
    return "stop";
}

static Napi::Array to_array(Napi::Env env, const auto& values) {
    Napi::Array array = Napi::Array::New(env, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, values[i]);
    return array;
}

Napi::Object to_js(Napi::Env env, const DriftResult& result) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("cancelled", result.cancelled);
    o.Set("seconds", result.seconds);
    o.Set("layers", to_array(env, result.layers));
    return o;
}

Napi::Object to_js(Napi::Env env, const GenerateResult& result) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("reason", reason_name(result.reason));
    o.Set("tokens", result.tokens);
    o.Set("firstTokenSeconds", result.first_token_seconds);
    o.Set("seconds", result.seconds);
    o.Set("attention", to_js(env, result.attention));
    return o;
}

Napi::Object to_js(Napi::Env env, const SaveResult& result) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("saved", result.saved);
    o.Set("bytes", static_cast<double>(result.bytes));
    o.Set("seconds", result.seconds);
    return o;
}

static const char* outcome_name(RestoreOutcome outcome) {
    switch (outcome) {
        case RestoreOutcome::restored:
            return "restored";
        case RestoreOutcome::no_gain:
            return "no_gain";
        case RestoreOutcome::cancelled:
            return "cancelled";
        case RestoreOutcome::missing:
            return "missing";
        case RestoreOutcome::foreign:
            return "foreign";
        case RestoreOutcome::damaged:
            return "damaged";
    }
    return "damaged";
}

Napi::Object to_js(Napi::Env env, const RestoreResult& result) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("outcome", outcome_name(result.outcome));
    o.Set("tokens", result.tokens);
    o.Set("seconds", result.seconds);
    o.Set("keptFraction", to_array(env, result.kept_fraction));
    o.Set("reason", result.reason);
    return o;
}

Napi::Float32Array to_js(Napi::Env env, const std::vector<float>& values) {
    Napi::Float32Array array = Napi::Float32Array::New(env, values.size());
    if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(float));
    return array;
}

Napi::Int32Array to_js(Napi::Env env, const std::vector<int32_t>& tokens) {
    Napi::Int32Array array = Napi::Int32Array::New(env, tokens.size());
    if (!tokens.empty()) std::memcpy(array.Data(), tokens.data(), tokens.size() * sizeof(int32_t));
    return array;
}

}  // namespace longleaf::addon
