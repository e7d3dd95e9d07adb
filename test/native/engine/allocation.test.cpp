// No allocation of the C++ heap grows with the context or the model: inside Electron, one malloc above 2 GiB
// ends the process. Every operator new of this executable is watched.
#include <atomic>
#include <cstdlib>
#include <new>

#include "check.h"
#include "engine/tiny_model.h"

using namespace longleaf;

static std::atomic<size_t> largest{0};

#if defined(__GNUC__)
#define NOT_INLINED __attribute__((noinline))  // inlined, GCC 12 takes the blocks for others than they are
#else
#define NOT_INLINED
#endif

NOT_INLINED void* operator new(size_t bytes) {
    size_t seen = largest;
    while (bytes > seen && !largest.compare_exchange_weak(seen, bytes)) {
    }
    if (void* memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc();
}
NOT_INLINED void operator delete(void* memory) noexcept { std::free(memory); }
NOT_INLINED void operator delete(void* memory, size_t) noexcept { std::free(memory); }

TEST("a cache of more than 2 GiB, and a reading into it, come from elsewhere") {
    tiny::Shape shape;
    shape.context = 1 << 20;
    shape.layers = 8, shape.kv_heads = 4, shape.head_dim = 64;
    const tiny::File file(tiny::make(shape, 1));
    const auto tokens = tiny::tokens(3000, 5);
    LoadOptions options;
    options.path = file.path();
    options.threads = 2, options.device = Device::cpu, options.kv_type = KvType::f32;
    options.context_tokens = 300000;  // 4.9 GB, of which a hundredth is touched
    if (!Engine::plan(options).fits) {
        std::puts("     skipped: this machine has no 5 GB to reserve");
        return;
    }
    CHECK(Engine::plan(options).kv_bytes > uint64_t{4} << 30);
    largest = 0;
    const auto session = Engine::load(options)->open_session();
    Sparsity sparsity;
    sparsity.tau = 0.2f, sparsity.layers = {1, 2}, sparsity.min_tokens = 64;
    session->read(tokens, sparsity, {});
    GenerateOptions generate;
    generate.max_tokens = 3;
    session->generate(generate, {});
    std::printf("     largest allocation %zu bytes\n", largest.load());
    CHECK(largest < size_t{64} << 20);
}
