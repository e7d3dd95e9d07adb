// What becomes of a session when the GPU's memory runs out or the GPU fails. The fault comes last: nothing of
// this process works on the device after it.
#include <cuda_runtime_api.h>

#include "check.h"
#include "cuda/backend.h"
#include "cuda/fault_kernel.h"
#include "engine/tiny_model.h"

using namespace longleaf;

static std::shared_ptr<Engine> load(const tiny::File& file, uint64_t limit = 0, int context = 0) {
    if (!cuda::available()) {
        std::puts("skipped: no GPU");
        std::exit(77);
    }
    LoadOptions options;
    options.path = file.path();
    options.device = Device::cuda;
    options.vram_limit_bytes = limit;
    options.context_tokens = context;
    return Engine::load(options);
}

static tiny::Shape roomy() {
    tiny::Shape shape;
    shape.context = 1 << 20;
    shape.head_dim = 64;
    return shape;
}

TEST("under a limit the context shrinks to what fits, and what does not is refused") {
    const tiny::File file(tiny::make(roomy(), 1));
    const auto whole = load(file);
    CHECK_EQ(whole->memory().context_tokens, 1 << 20);
    const uint64_t limit = whole->memory().total_bytes / 2 + (uint64_t{512} << 20);
    const auto half = load(file, limit);
    CHECK(half->memory().context_tokens < 1 << 20);
    CHECK(half->memory().total_bytes <= limit);
    CHECK(half->open_session()->read(tiny::tokens(5000, 3), {}, {}).read_tokens == 5000);
    CHECK_THROWS(load(file, limit, 1 << 20), ErrorCode::no_memory, "1048576");
}

TEST("a limit holds while reading, too: no_memory, and the session stays usable") {
    const tiny::File file(tiny::make(roomy(), 2));
    const auto engine = load(file, (uint64_t{256} << 20) + (uint64_t{600} << 20), 4096);
    std::vector<std::unique_ptr<Session>> sessions;  // the plan counted on one
    bool refused = false;
    const auto tokens = tiny::tokens(4000, 3);
    for (int i = 0; i < 4000 && !refused; ++i) try {
            sessions.push_back(engine->open_session());
            sessions.back()->read(tokens, {}, {});
        } catch (const EngineError& e) {
            refused = true;
            CHECK(e.code() == ErrorCode::no_memory);
        }
    CHECK(refused);
    sessions.pop_back();
    const auto again = sessions.empty() ? engine->open_session() : std::move(sessions.front());
    sessions.clear();
    CHECK_EQ(again->read(tiny::tokens(300, 4), {}, {}).cancelled, false);
    CHECK_EQ(again->logits().size(), size_t{260});
}

TEST("memory that others took: no_memory in words, and the next read works") {
    const tiny::File file(tiny::make(roomy(), 3));
    const auto engine = load(file, 0, 65536);
    const auto session = engine->open_session();
    session->read(tiny::tokens(100, 5), {}, {});
    std::vector<void*> taken;  // all that is free, in ever smaller pieces
    for (size_t piece = size_t{4} << 30; piece >= size_t{1} << 20; piece /= 2)
        for (void* memory = nullptr; cudaMalloc(&memory, piece) == cudaSuccess;) taken.push_back(memory);
    cudaGetLastError();
    const auto tokens = tiny::tokens(60000, 6);
    CHECK_THROWS(session->read(tokens, {}, {}), ErrorCode::no_memory, "");
    for (void* memory : taken) cudaFree(memory);
    CHECK_EQ(session->read(tokens, {}, {}).cancelled, false);
}

TEST("a fault is device_lost, for whatever is called from then on") {
    const tiny::File file(tiny::make({}, 4));
    const auto engine = load(file);
    const auto session = engine->open_session();
    session->read(tiny::tokens(200, 7), {}, {});
    CHECK(break_the_device());
    CHECK_THROWS(session->read(tiny::tokens(900, 7), {}, {}), ErrorCode::device_lost, "GPU failed");
    CHECK_EQ(session->tokens().size(), size_t{200});
    CHECK_THROWS(session->generate({}, {}), ErrorCode::device_lost, "GPU failed");
    CHECK_THROWS(engine->open_session(), ErrorCode::device_lost, "GPU failed");
    // Closing what is left must not hang or throw: it happens when the test ends.
}
