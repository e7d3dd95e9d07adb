// Which device a load takes, on machines made up for the purpose: cards of 6 to 80 GiB, and none.
#include "engine/device_choice.h"

#include "check.h"
#include "engine/memory_plan.h"
#include "engine/stub_device.h"

using namespace longleaf;

static constexpr uint64_t gib = uint64_t{1} << 30;

/// Llama 3.1 8B, and the bytes of its weights.
static Config llama8b() {
    Config c;
    c.layers = 32, c.channels = 4096, c.heads = 32, c.kv_heads = 8, c.head_dim = 128, c.ffn = 14336;
    c.vocab = 128256, c.context_length = 131072;
    return c;
}
static constexpr uint64_t parameters = 8030261248;
static constexpr uint64_t as_q8_0 = parameters / 32 * 34, as_f16 = parameters * 2;

/// A machine with a card of so many GiB, of which the driver keeps a quarter of one, and 64 GiB beside it.
static Devices machine(uint64_t card_gib) {
    Devices devices;
    devices.cpu = [] { return std::make_unique<StubDevice>(64 * gib, "CPU"); };
    if (card_gib == 0) return devices;
    devices.gpu_usable = [] { return true; };
    devices.gpu = [card_gib] {
        auto gpu = std::make_unique<StubDevice>(card_gib * gib - gib / 4, "Card");
        gpu->rows = 4096;
        return gpu;
    };
    return devices;
}

static LoadOptions wanting(Device device, int context, KvType kv = KvType::f16, bool allow_q8 = false) {
    LoadOptions options;
    options.device = device, options.context_tokens = context;
    options.kv_type = kv, options.allow_q8_kv = allow_q8;
    return options;
}

/// The plan of a load onto the card, which fits or is refused with advice that is true.
static bool fits(uint64_t weights, uint64_t card, int context, KvType kv) {
    const Config config = llama8b();
    const auto options = wanting(Device::cuda, context, kv);
    const DeviceChoice choice = choose_device({config, weights, DType::q8_0}, options, machine(card));
    const MemoryDemand demand{&config, choice.backend.get(), weights, kv};
    CHECK_EQ(static_cast<const StubDevice&>(*choice.backend).allocations, 0);
    try {
        require_fit(demand, choice.plan);
        CHECK(choice.plan.total_bytes <= choice.plan.available_bytes);
        return true;
    } catch (const EngineError& e) {
        CHECK(e.code() == ErrorCode::no_memory);
        const int largest = choice.plan.largest_context_tokens;
        const bool advises = e.hint().find(std::to_string(largest) + " tokens") != std::string::npos;
        CHECK_EQ(advises, largest > 0);
        if (largest == 0 && kv == KvType::q8_0) CHECK(e.hint().find("smaller model") != std::string::npos);
        if (largest > 0)
            CHECK(choose_device({config, weights, DType::q8_0}, wanting(Device::cuda, largest, kv),
                                machine(card))
                      .plan.fits);
        return false;
    }
}

TEST("an 8B Llama on cards of 6, 8, 12, 24 and 80 GiB") {
    struct Row {
        uint64_t card;
        const char *q8_f16, *q8_q8, *f16_f16, *f16_q8;  // at 8K, 32K and 128K: + fits, - does not
    };
    // Weights 7.9 and 15.0 GiB; K and V 1, 4 and 16 GiB in f16, 0.5, 2.1 and 8.5 in q8_0; work space 1 to 3.
    for (const Row& row : {Row{6, "---", "---", "---", "---"}, Row{8, "---", "---", "---", "---"},
                           Row{12, "+--", "+ -", "---", "---"}, Row{24, "++-", "+++", "++-", "++-"},
                           Row{80, "+++", "+++", "+++", "+++"}})
        for (int i = 0; i < 3; ++i) {
            const int context = 8192 << (2 * i);
            const auto expect = [&](const char* signs, uint64_t weights, KvType kv) {
                if (signs[i] != ' ') CHECK_EQ(fits(weights, row.card, context, kv), signs[i] == '+');
            };
            expect(row.q8_f16, as_q8_0, KvType::f16), expect(row.q8_q8, as_q8_0, KvType::q8_0);
            expect(row.f16_f16, as_f16, KvType::f16), expect(row.f16_q8, as_f16, KvType::q8_0);
        }
}

TEST("automatic takes the card when it holds model and context, else the CPU with a reason") {
    const Config config = llama8b();
    const auto choose = [&](uint64_t card, int context) {
        return choose_device({config, as_q8_0, DType::q8_0}, wanting(Device::automatic, context),
                             machine(card));
    };
    CHECK_EQ(choose(24, 32768).backend->describe(), "Card");
    CHECK_EQ(choose(24, 32768).plan.note, "");
    CHECK_EQ(choose(24, 0).backend->describe(), "Card");  // some 100 thousand tokens
    const DeviceChoice small = choose(8, 32768);
    CHECK_EQ(small.backend->describe(), "CPU");
    CHECK(small.plan.fits);
    CHECK(small.plan.note.find("runs on the CPU") != std::string::npos);
    CHECK(small.plan.note.find("32768") != std::string::npos);
    CHECK_EQ(choose(10, 0).backend->describe(), "CPU");  // a card that would hold a few thousand tokens
    CHECK_EQ(choose(0, 8192).backend->describe(), "CPU");
    CHECK_EQ(choose(0, 8192).plan.note, "");
}

TEST("the CPU is taken when asked for, and the card is not touched") {
    Devices devices = machine(80);
    devices.gpu = []() -> std::unique_ptr<Backend> { throw std::logic_error("touched"); };
    CHECK_EQ(choose_device({llama8b(), as_q8_0, DType::q8_0}, wanting(Device::cpu, 8192), devices)
                 .backend->describe(),
             "CPU");
    const auto f32 = wanting(Device::automatic, 8192, KvType::f32);
    CHECK_EQ(choose_device({llama8b(), as_q8_0, DType::q8_0}, f32, devices).backend->describe(), "CPU");
}

TEST("a card that cannot be used: the CPU says why, unless the card was asked for by name") {
    Devices devices = machine(80);
    devices.gpu = []() -> std::unique_ptr<Backend> {
        throw EngineError(ErrorCode::device_lost, "The GPU failed (no reason).");
    };
    const auto choice =
        choose_device({llama8b(), as_q8_0, DType::q8_0}, wanting(Device::automatic, 8192), devices);
    CHECK_EQ(choice.backend->describe(), "CPU");
    CHECK(choice.plan.note.find("no reason") != std::string::npos);
    CHECK_THROWS(choose_device({llama8b(), as_q8_0, DType::q8_0}, wanting(Device::cuda, 8192), devices),
                 ErrorCode::device_lost, "no reason");
    CHECK_THROWS(choose_device({llama8b(), as_q8_0, DType::q8_0}, wanting(Device::cuda, 8192), machine(0)),
                 ErrorCode::bad_request, "no GPU support");
}

TEST("heads that the GPU has no attention for") {
    Config config = llama8b();
    config.head_dim = 512;
    CHECK_THROWS(choose_device({config, as_q8_0, DType::q8_0}, wanting(Device::cuda, 64), machine(80)),
                 ErrorCode::unsupported_model, "512");
    const auto choice =
        choose_device({config, as_q8_0, DType::q8_0}, wanting(Device::automatic, 64), machine(80));
    CHECK_EQ(choice.backend->describe(), "CPU");
}

TEST("q8_0 comes only with leave, and only where it helps") {
    const Config config = llama8b();
    const auto choose = [&](uint64_t card, int context, bool allow) {
        const auto options = wanting(Device::cuda, context, KvType::f16, allow);
        return choose_device({config, as_q8_0, DType::q8_0}, options, machine(card));
    };
    CHECK(!choose(24, 131072, false).plan.fits);
    const DeviceChoice shrunk = choose(24, 131072, true);
    CHECK(shrunk.plan.fits);
    CHECK(shrunk.kv_type == KvType::q8_0 && shrunk.plan.kv_type == KvType::q8_0);
    CHECK(shrunk.plan.note.find("8 bits") != std::string::npos);
    CHECK(choose(80, 131072, true).kv_type == KvType::f16);
    CHECK(choose(24, 0, false).kv_type == KvType::f16);
    const DeviceChoice whole = choose(24, 0, true);  // all the model declares, rather than half of it
    CHECK(whole.kv_type == KvType::q8_0);
    CHECK_EQ(whole.plan.context_tokens, 131072);
    CHECK(choose(8, 8192, true).kv_type == KvType::f16);  // nothing helps: the refusal is the usual one
}
