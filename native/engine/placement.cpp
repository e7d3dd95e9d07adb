#include "engine/placement.h"

#include <algorithm>
#include <map>

namespace longleaf {

namespace {

std::vector<Tensor*> all_tensors(Weights& w) {
    std::vector<Tensor*> all{&w.embedding, &w.output_norm, &w.output};
    for (LayerWeights& l : w.layers)
        all.insert(all.end(),
                   {&l.attn_norm, &l.q, &l.k, &l.v, &l.attn_output, &l.ffn_norm, &l.gate, &l.up, &l.down,
                    &l.q_bias, &l.k_bias, &l.v_bias, &l.q_norm, &l.k_norm, &l.attn_post, &l.ffn_post});
    all.erase(std::remove_if(all.begin(), all.end(), [](const Tensor* t) { return !t->data; }), all.end());
    return all;
}

uint64_t bytes_of(const Tensor& t) {
    return row_bytes(t.type, static_cast<size_t>(t.cols)) * static_cast<uint64_t>(t.rows);
}

}  // namespace

bool place_weights(Backend& backend, Weights& weights, std::vector<Buffer>& copies,
                   const LoadProgress& progress) {
    std::map<const void*, const void*> placed;
    uint64_t total = 0, done = 0;
    const std::vector<Tensor*> tensors = all_tensors(weights);
    for (const Tensor* tensor : tensors) total += bytes_of(*tensor);
    for (Tensor* tensor : tensors) {
        if (progress && !progress(static_cast<float>(done) / static_cast<float>(total))) return false;
        const void*& place = placed[tensor->data];
        if (!place) {
            const Buffer& copy = copies.emplace_back(backend, bytes_of(*tensor));
            backend.place(copy.data(), *tensor);
            place = copy.data();
        }
        tensor->data = place;
        done += bytes_of(*tensor);
    }
    return !progress || progress(1.0f);
}

}  // namespace longleaf
