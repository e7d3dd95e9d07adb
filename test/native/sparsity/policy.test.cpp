// When a prefill may be sparse, and with what budget.
#include "sparsity/policy.h"

#include <limits>

#include "check.h"

using namespace longleaf;

namespace {
Sparsity wanted() { return {.tau = 0.005f, .layers = {1, 3}, .window = 128, .min_tokens = 1024, .pool = 7}; }
}  // namespace

TEST("a long prefill from the start is sparse in the layers named") {
    const auto plan = plan_sparsity(wanted(), 5, 0, 1153);
    CHECK(plan.any());
    CHECK((plan.sparse == std::vector<bool>{false, true, false, true, false}));
    CHECK_EQ(plan.options.tau, 0.005f);
    CHECK_EQ(plan.options.window, 128);
    CHECK_EQ(plan.options.min_tokens, 1024);
    CHECK_EQ(plan.options.pool, 7);
}

TEST("a fixed share is sparse without tau, and variants reach the options") {
    auto share = wanted();
    share.tau = 0, share.keep = 0.25f, share.sinks = 4, share.per_group = true, share.keys_only = true;
    const auto plan = plan_sparsity(share, 5, 0, 1153);
    CHECK(plan.any());
    CHECK_EQ(plan.options.keep, 0.25f);
    CHECK_EQ(plan.options.sinks, 4);
    CHECK(plan.options.per_group);
    CHECK(plan.keys_only);
    CHECK(!plan_sparsity(share, 5, 0, 1152).any());
}

TEST("attention by blocks needs a long prefill from the start, and leaves the last layer alone") {
    Sparsity s;
    s.blocks = {.pattern = BlockPattern::flex, .layers = {0, 2, 4}, .gamma = 0.9f, .min_tokens = 512};
    const auto plan = plan_sparsity(s, 5, 0, 513);
    CHECK(plan.any() && plan.plans() && !plan.selects());
    CHECK((plan.blocks == std::vector<bool>{true, false, true, false, false}));
    CHECK_EQ(plan.block_options.gamma, 0.9f);
    CHECK(!plan_sparsity(s, 5, 0, 512).any());
    CHECK(!plan_sparsity(s, 5, 1, 100000).any());
    CHECK(!is_dense(s));
    s.blocks.pattern = BlockPattern::none;
    CHECK(is_dense(s));
    CHECK(!plan_sparsity(s, 5, 0, 100000).any());
}

TEST("everything else is dense") {
    auto exact = wanted();
    exact.tau = 0;
    auto nowhere = wanted();
    nowhere.layers.clear();
    CHECK(!plan_sparsity(exact, 5, 0, 100000).any());
    CHECK(!plan_sparsity(nowhere, 5, 0, 100000).any());
    CHECK(!plan_sparsity(wanted(), 5, 1, 100000).any());
    CHECK(!plan_sparsity(wanted(), 5, 0, 1152).any());
    CHECK_EQ(plan_sparsity(wanted(), 5, 0, 1152).sparse.size(), 5u);
}

TEST("values out of range are refused, dense or not") {
    const auto refuse = [](auto change, const char* text) {
        auto bad = wanted();
        change(bad);
        CHECK_THROWS(plan_sparsity(bad, 5, 0, 10), ErrorCode::bad_request, text);
    };
    refuse([](Sparsity& s) { s.tau = 1; }, "tau");
    refuse([](Sparsity& s) { s.tau = -0.1f; }, "tau");
    refuse([](Sparsity& s) { s.tau = std::numeric_limits<float>::quiet_NaN(); }, "tau");
    refuse([](Sparsity& s) { s.keep = 1; }, "share");
    refuse([](Sparsity& s) { s.keep = -0.1f; }, "share");
    refuse([](Sparsity& s) { s.sinks = -1; }, "first tokens");
    refuse([](Sparsity& s) { s.window = 0; }, "window");
    refuse([](Sparsity& s) { s.min_tokens = -1; }, "fewest");
    refuse([](Sparsity& s) { s.pool = 4; }, "odd");
    refuse([](Sparsity& s) { s.pool = -1; }, "odd");
    refuse([](Sparsity& s) { s.blocks.gamma = 1.5f; }, "blocks cover");
    refuse([](Sparsity& s) { s.blocks.similarity = -1; }, "distance");
    refuse([](Sparsity& s) { s.blocks.local = -1; }, "tokens");
    refuse([](Sparsity& s) { s.blocks.layers = {7}; }, "Layer 7");
    refuse([](Sparsity& s) { s.keys_only = true, s.blocks.pattern = BlockPattern::flex; }, "combined");
    refuse([](Sparsity& s) { s.layers = {5}; }, "Layer 5");
    refuse([](Sparsity& s) { s.layers = {-1}; }, "Layer -1");
}

TEST("sums that would overflow do not") {
    auto huge = wanted();
    huge.min_tokens = std::numeric_limits<int>::max();
    CHECK(!plan_sparsity(huge, 5, 0, 100000).any());
}
