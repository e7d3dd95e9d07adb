#include "engine/layer.h"

#include <cmath>

namespace longleaf {

Layer::Layer(const Decoder& decoder, int index)
    : weights(decoder.weights->layers[static_cast<size_t>(index)]),
      config_(*decoder.config),
      backend_(*decoder.backend),
      op_(decoder.backend->ops()),
      rope_(decoder.rope_of(index)),
      turns_(config_.turns(index)),
      query_scale_(config_.attention_scale == 0
                       ? 1
                       : config_.attention_scale * std::sqrt(static_cast<float>(config_.head_dim))) {}

void Layer::condition(Matrix rows, const Tensor& bias, const Tensor& norm) const {
    if (bias.data) op_.add_bias(backend_, rows, bias);
    if (norm.data) op_.norm_heads(backend_, rows, norm, config_.rms_eps);
}

void Layer::finish_queries(Matrix q, int start) const {
    condition(q, weights.q_bias, weights.q_norm);
    if (query_scale_ != 1) op_.scale(backend_, q, query_scale_);
    if (turns_) op_.rope(backend_, q, rope_, start);
}

void Layer::store_keys(Matrix k, Matrix v, const KvLayer& kv, int start) const {
    condition(k, weights.k_bias, weights.k_norm);
    condition(v, weights.v_bias, {});
    if (turns_) op_.rope(backend_, k, rope_, start);
    op_.kv_write(backend_, k, v, kv, start);
}

void Layer::finish_row(Matrix q, Matrix k, Matrix v, const KvLayer& kv, int start) const {
    if (!turns_) {
        finish_queries(q, start);
        return store_keys(k, v, kv, start);
    }
    condition(q, weights.q_bias, weights.q_norm);
    condition(k, weights.k_bias, weights.k_norm);
    condition(v, weights.v_bias, {});
    if (query_scale_ != 1) op_.scale(backend_, q, query_scale_);
    op_.rope_and_store(backend_, q, k, v, rope_, kv, start);
}

void Layer::add_branch(const Tensor& w, Matrix from, const Tensor& post_norm, Matrix x, Matrix room) const {
    if (config_.adds_plainly()) return op_.matmul(backend_, w, from, x, true);
    op_.matmul(backend_, w, from, room, false);
    if (post_norm.data) op_.rmsnorm(backend_, room, post_norm, config_.rms_eps, room);
    op_.add_scaled(backend_, x, room, config_.residual_scale);
}

void Layer::add_attention(Matrix mixed, Matrix x, Matrix room) const {
    add_branch(weights.attn_output, mixed, weights.attn_post, x, room);
}

void Layer::add_ffn(Matrix normed, Matrix x, Matrix gate, Matrix up, Matrix room) const {
    if (config_.gate == GateFunction::silu) {
        op_.gated(backend_, weights.gate, weights.up, normed, gate, up);
    } else {
        op_.matmul(backend_, weights.gate, normed, gate, false);
        op_.matmul(backend_, weights.up, normed, up, false);
        op_.geglu(backend_, gate, up);
    }
    add_branch(weights.down, gate, weights.ffn_post, x, room);
}

}  // namespace longleaf
