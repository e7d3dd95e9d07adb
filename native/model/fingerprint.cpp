#include "model/fingerprint.h"

#include <cstring>

#include "model/sha256.h"

namespace longleaf {
namespace {

constexpr uint64_t slice_bytes = 4096;

void add_samples(Sha256& hash, std::span<const uint8_t> tensor) {
    if (tensor.size() <= 3 * slice_bytes) return hash.update(tensor);
    hash.update(tensor.first(slice_bytes));
    hash.update(tensor.subspan((tensor.size() - slice_bytes) / 2, slice_bytes));
    hash.update(tensor.last(slice_bytes));
}

}  // namespace

std::string fingerprint(const Gguf& gguf) {
    const auto& file = gguf.file();
    file.require_unchanged();
    Sha256 hash;
    uint8_t size[8];
    const uint64_t file_bytes = file.size();
    std::memcpy(size, &file_bytes, sizeof size);
    hash.update(size);
    hash.update({file.data(), gguf.table_bytes()});
    for (const auto& tensor : gguf.tensors()) add_samples(hash, {file.data() + tensor.offset, tensor.bytes});
    return hash.finish();
}

}  // namespace longleaf
