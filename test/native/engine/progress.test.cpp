#include "engine/progress.h"

#include "check.h"
#include "engine/forward.h"

using namespace longleaf;

static Config config() {
    Config c;
    c.layers = 4, c.channels = 64, c.heads = 4, c.kv_heads = 2, c.head_dim = 16, c.ffn = 128;
    return c;
}

TEST("the steps of a pass cost what the whole pass was said to cost") {
    const Cost cost(config());
    Sparsity s;
    s.tau = 0.1f, s.layers = {1, 3}, s.window = 16, s.min_tokens = 8;
    for (const auto& [start, rows] : {std::pair{0, 1000}, {700, 33}, {0, 2}}) {
        const SparsityPlan plan = plan_sparsity(s, 4, start, rows);
        double sum = 0;
        for (int l = 0; l < 4; ++l) {
            const int begin = l == 3 ? rows - last_layer_rows(rows) : 0;
            for (int a = 0; a < rows; a += 7) sum += cost.project_kv(std::min(7, rows - a));
            for (int a = begin; a < rows; a += 7) {
                const int b = std::min(rows, a + 7);
                sum += cost.project_out(b - a) + cost.attend(start, a, b, plan.sparse[l]);
            }
            if (plan.sparse[l]) sum += cost.select(rows, 16);
        }
        CHECK_NEAR(sum / cost.pass(start, rows, last_layer_rows(rows), plan), 1, 1e-9);
    }
}

TEST("progress reports its beginning and its end, and little between") {
    int reports = 0, last = -1;
    const ReadingCallback count = [&](const ReadingProgress& p) { ++reports, last = p.tokens_done; };
    Progress progress(1e6, 1000, count);
    CHECK_EQ(last, 0);
    for (int i = 0; i < 1000; ++i) progress.add(1e3);
    CHECK(reports < 10);
    progress.finish();
    CHECK_EQ(last, 1000);
}
