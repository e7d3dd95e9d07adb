// The memory plan against a device that says what it has and refuses to give any.
#include "engine/memory_plan.h"

#include "check.h"
#include "engine/cache.h"
#include "engine/stub_device.h"
#include "engine/tiny_model.h"

using namespace longleaf;

static constexpr uint64_t gigabyte = 1000000000;

/// An 8B Llama.
static Config large() {
    Config c;
    c.layers = 32, c.channels = 4096, c.heads = 32, c.kv_heads = 8, c.head_dim = 128, c.ffn = 14336;
    c.vocab = 128256, c.context_length = 131072;
    return c;
}

TEST("a plan adds up, and asks the device for nothing") {
    const Config config = large();
    StubDevice device(64 * gigabyte);
    const MemoryDemand d{&config, &device, 8 * gigabyte, KvType::f16};
    const MemoryPlan plan = plan_memory(d, 131072);
    CHECK(plan.fits);
    CHECK_EQ(plan.weights_bytes, 8 * gigabyte);
    CHECK_EQ(plan.kv_bytes, uint64_t{2} * 32 * 8 * 128 * 2 * 131073);
    CHECK(plan.scratch_bytes > uint64_t{131072} * 4096 * 4);
    CHECK_EQ(plan.total_bytes, plan.weights_bytes + plan.kv_bytes + plan.scratch_bytes);
    CHECK_EQ(plan.largest_context_tokens, 131072);
    CHECK_EQ(device.allocations, 0);
}

TEST("a layer whose matrices are not all of the type of activations needs room for them unpacked") {
    const Config config = large();
    StubDevice device(64 * gigabyte);
    device.activations = DType::f16;
    const auto scratch = [&](MatrixTypes matrices, int context) {
        const MemoryDemand d{&config, &device, 8 * gigabyte, KvType::f16, matrices};
        return scratch_bytes(d, context);
    };
    const uint64_t as_stored = scratch({DType::f16}, 1024);
    const uint64_t layer = uint64_t{4096} * (2 * 4096 + 2 * 1024 + 3 * 14336) * 2;
    CHECK_EQ(scratch({DType::q4_k}, 1024) - as_stored, layer);
    CHECK_EQ(scratch({DType::f16, false}, 1024) - as_stored, layer);
    CHECK_EQ(scratch({DType::f16, false}, 512),
             scratch({DType::f16}, 512));  // one chunk: none is unpacked ahead
}

TEST("context 0 takes what the model declares, or what fits") {
    const Config config = large();
    StubDevice roomy(64 * gigabyte), tight(12 * gigabyte);
    CHECK_EQ(plan_memory({&config, &roomy, 8 * gigabyte, KvType::f16}, 0).context_tokens, 131072);
    const MemoryPlan plan = plan_memory({&config, &tight, 8 * gigabyte, KvType::f16}, 0);
    CHECK(plan.fits);
    CHECK(plan.context_tokens > 16384 && plan.context_tokens < 32768);
    CHECK_EQ(plan.context_tokens % 256, 0);
    CHECK_EQ(plan.context_tokens, plan.largest_context_tokens);
}

TEST("what does not fit is refused with a hint that would") {
    const Config config = large();
    StubDevice device(12 * gigabyte);
    const MemoryDemand d{&config, &device, 8 * gigabyte, KvType::f16};
    const MemoryPlan plan = plan_memory(d, 131072);
    CHECK(!plan.fits);
    CHECK_THROWS(require_fit(d, plan), ErrorCode::no_memory, "131072");
    try {
        require_fit(d, plan);
    } catch (const EngineError& e) {
        CHECK(e.hint().find(std::to_string(plan.largest_context_tokens)) != std::string::npos);
        CHECK(e.hint().find("q8_0") != std::string::npos);
    }
    CHECK(plan_memory(d, plan.largest_context_tokens).fits);
    CHECK_EQ(device.allocations, 0);
}

TEST("weights alone too large: a smaller model is the only advice") {
    const Config config = large();
    StubDevice device(6 * gigabyte);
    const MemoryDemand d{&config, &device, 8 * gigabyte, KvType::f16};
    const MemoryPlan plan = plan_memory(d, 0);
    CHECK(!plan.fits);
    CHECK_EQ(plan.largest_context_tokens, 0);
    try {
        require_fit(d, plan);
        CHECK(false);
    } catch (const EngineError& e) {
        CHECK(e.hint().find("smaller model") != std::string::npos);
    }
}

TEST("a context the model does not declare is a bad request") {
    const Config config = large();
    StubDevice device(64 * gigabyte);
    const MemoryDemand d{&config, &device, 8 * gigabyte, KvType::f16};
    CHECK_THROWS(plan_memory(d, 131073), ErrorCode::bad_request, "131072");
    CHECK_THROWS(plan_memory(d, -1), ErrorCode::bad_request, "-1");
}

TEST("a file that declares an absurd context loads with one that fits, and refuses the absurd one") {
    tiny::Shape shape;
    shape.context = 1 << 27;
    shape.layers = 300;
    shape.channels = 32;
    shape.head_dim = 512;
    shape.ffn = 32;
    const tiny::File file(tiny::make(shape, 1));
    LoadOptions options;
    options.path = file.path();
    options.context_tokens = 1 << 27;
    options.device = Device::cpu;
    CHECK(!Engine::plan(options).fits);
    CHECK_THROWS(Engine::load(options), ErrorCode::no_memory, "134217728");
    options.context_tokens = 0;
    const MemoryPlan plan = Engine::plan(options);
    CHECK(plan.fits && plan.context_tokens < 1 << 27);
}

TEST("KV bytes per token by type") {
    const Config config = large();
    CHECK_EQ(kv_bytes_per_token(config, KvType::f32), uint64_t{32 * 8 * 128 * 2 * 4});
    CHECK_EQ(kv_bytes_per_token(config, KvType::f16), uint64_t{32 * 8 * 128 * 2 * 2});
    CHECK_EQ(kv_bytes_per_token(config, KvType::q8_0), uint64_t{32 * 8 * 2 * 4 * 34});
}
