// Token scores and per-head selection of Token Sparse Attention (arXiv 2602.03216 §2; token-sparse attention,
// §1.1 steps 3 to 8), all on the device: the host learns neither scores nor the count.
#include "cuda/select.h"

#include <algorithm>
#include <cassert>
#include <type_traits>

namespace longleaf::cuda {

Room::Room(void* scratch, int64_t heads, int64_t length, int64_t window)
    : padded(round_up(window, kColumns)) {
    const int64_t prefix = length > window ? length - window : 0;
    const int64_t most_parts = std::min<int64_t>(parts(length, kLeastKeys), kMaxParts);
    stride = round_up(prefix, 4), slices = parts(prefix, kTokensPerSlice);
    auto* bytes = static_cast<char*>(scratch);
    const auto take = [&](auto*& to, int64_t count) {
        const int64_t size = round_up(count * static_cast<int64_t>(sizeof *to), 256);
        to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(bytes);
        used += size;
        if (bytes) bytes += size;
    };
    take(budget, 1);
    take(tallies, kPasses * heads * kDigits);
    counter_bytes = static_cast<uint64_t>(used);
    take(thresholds, kPasses * heads);
    take(passing, heads * slices);
    take(layer, prefix);
    take(scores, heads * stride);
    take(pooled, heads * stride);
    take(softmax, most_parts * heads * padded);
}

uint64_t select_scratch_bytes(int heads, int length, const SelectOptions& options) {
    return static_cast<uint64_t>(Room(nullptr, heads, length, options.window).used);
}

void select(Backend& backend, Matrix q, KvLayer kv, int length, const SelectOptions& options, void* scratch,
            Selection out) {
    Running run(backend);
    if (run.cancelled()) return;
    const cudaStream_t stream = run.cuda.stream;
    if (!options.drops(length)) {
        check(cudaMemsetAsync(out.count, 0, sizeof(int32_t), stream), "clearing a count");
        return;
    }
    assert(q.rows == options.window && "select: q holds the window's queries");
    assert(kv.type != KvType::f32 && "select: this cache holds f16 or q8_0");
    assert(length - options.window <= out.capacity && "select: the selection holds every token");
    assert(out.per_group == options.per_group);
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    const Room room(scratch, heads, length, options.window);
    score_tokens(run.cuda, q, kv, length, room);
    keep_tokens(stream, room, heads, options.per_group ? kv.kv_heads : heads, length, options, out);
    run.end("select", 64);
}

}  // namespace longleaf::cuda
