#include <vector>

#include "fuzz/targets.h"

/// Files are their tables; what the tensors hold says nothing here, so nothing stands for it.
constexpr size_t blob = 96 << 10;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::vector<uint8_t> file(data, data + size);
    file.resize(size + blob);
    fuzz::gguf(file);
    return 0;
}
