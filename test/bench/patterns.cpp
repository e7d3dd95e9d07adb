// What sparse attention gains and what it leaves out, by policy, on attention of known patterns (patterns.h):
// longleaf_bench_patterns [cuda|cpu|plans|shares] [lengths] [text a policy must contain]
//   cuda, cpu   every policy beside our dense kernel, in turns; medians. Lengths are 32768,131072
//   plans       on the CPU and without attention: what policies keep and cover
//   shares      the layer alone: its mass by cause, for each kind of head
// A policy's time holds all it needs: select, gather, plan_blocks and the attention of all rows. The columns:
//   kept    tokens that a head keeps, % of the text
//   pairs   of query and key that are computed, % of all causal ones; in whole blocks where those are planned
//   error   |row - dense row| / |dense row| of the same kernels, over sampled rows and all heads, %: of the
//           last 128 rows; of all that the head kept; of all, where a row that was not kept is 0
//   mass    of exact softmax that lies in what is computed, %: of the same three, where a row that was not
//           kept has none; then of the rows kept by each kind of head
// Error is one layer's, of heads before the output projection: no task's accuracy. Rows that a head leaves
// out count as lost here, though in a model the residual stream carries them.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cpu/backend.h"
#include "cuda/backend.h"
#include "device.h"
#include "patterns.h"

using namespace longleaf;
using namespace patterns;

namespace {

using bench::Device;

constexpr int kMostRows = 8448;  // of a chunk

struct Policy {
    std::string name;
    SelectOptions select;
    BlockOptions blocks;
    bool plans() const { return blocks.pattern != BlockPattern::none; }
    bool selects() const { return select.tau > 0; }
};

std::vector<Policy> policies(const std::string& wanted) {
    std::vector<Policy> all;
    const auto add = [&](const std::string& name, float tau, bool per_group, BlockPattern pattern,
                         float gamma) {
        Policy p{name, {.tau = tau, .per_group = per_group}, {.pattern = pattern, .gamma = gamma}};
        if (all.empty() || name.find(wanted) != std::string::npos) all.push_back(p);
    };
    constexpr auto none = BlockPattern::none, flex = BlockPattern::flex;
    add("dense", 0, false, none, 0);
    for (const char* tau : {".005", ".02", ".05", ".1"})
        add(std::string("tau ") + tau, std::strtof(tau, nullptr), false, none, 0);
    for (const char* tau : {".02", ".1"})
        add(std::string("per kv head tau ") + tau, std::strtof(tau, nullptr), true, none, 0);
    for (const char* gamma : {".99", ".95", ".9", ".8", ".7"})
        add(std::string("flex ") + gamma, 0, false, flex, std::strtof(gamma, nullptr));
    for (const char* gamma : {".95", ".9", ".8"})
        add(std::string("tau .02, flex ") + gamma, .02f, false, flex, std::strtof(gamma, nullptr));
    add("stripes", 0, false, BlockPattern::stripes, 0);
    return all;
}

/// Where a policy's heads look, on the host.
struct Looks {
    int length = 0, count = 0;  // count 0: no tokens were selected
    bool per_group = false;
    std::vector<int32_t> list;   // (H or G, S), first count
    std::vector<uint32_t> mask;  // (H, blocks, words); empty: everywhere
    double marked = 0;           // blocks, of all heads

    int64_t blocks() const { return (length + kPlanBlock - 1) / kPlanBlock; }
    const int32_t* list_of(int h) const {
        return count == 0 ? nullptr : &list[size_t(per_group ? h / kGroup : h) * size_t(length)];
    }
    /// Of position i in what head h keeps; -1: it is not kept.
    int64_t place(int h, int i) const {
        const int32_t* l = list_of(h);
        if (!l) return i;
        const auto* at = std::lower_bound(l, l + count, i);
        return at < l + count && *at == i ? at - l : -1;
    }
    bool sees(int h, int64_t row_block, int64_t block) const {
        const int64_t words = (blocks() + 31) / 32;
        return mask.empty() ||
               mask[size_t((h * blocks() + row_block) * words + block / 32)] >> block % 32 & 1;
    }
    /// Sum of a row's probabilities where head h looks from place `at`.
    double mass(int h, int64_t at, const float* p) const {
        const int32_t* l = list_of(h);
        double sum = 0;
        for (int64_t j = 0; j <= at; ++j) {
            if (j % kPlanBlock == 0 && !sees(h, at / kPlanBlock, j / kPlanBlock))
                j += kPlanBlock - 1;
            else
                sum += double(p[l ? l[j] : j]);
        }
        return sum;
    }
    double kept() const { return count == 0 ? 1 : double(count) / length; }
    double pairs() const {
        return mask.empty() ? kept() * kept() : marked / (H * double(blocks()) * double(blocks() + 1) / 2);
    }
};

/// The layer in a backend's memory, and room for every policy.
class Stage {
  public:
    Stage(Backend& on, const Layer& layer)
        : b(on),
          type(on.activation_type(DType::f16)),
          length(layer.length),
          k(on, uint64_t(length) * G * D * 2),
          v(on, k.bytes),
          q(on, row_bytes(type, D) * H * uint64_t(length)),
          out(on, q.bytes),
          index(on, uint64_t(length) * H * 4),
          count(on, 4),
          gathered(on, on.gathered_bytes(H, length, D)),
          mask(on, BlockPlan{nullptr, (length + kPlanBlock - 1) / kPlanBlock}.bytes(H)),
          marked(on, 4),
          select_work(on, on.ops().select_scratch_bytes(H, length, SelectOptions{.tau = 1})),
          plan_work(on, on.ops().plan_scratch_bytes(H, length, D)) {
        kv = {k.data, v.data, KvType::f16, G, D, length};
        b.upload(k.data, layer.k.get(), k.bytes);
        b.upload(v.data, layer.v.get(), v.bytes);
        upload_queries(layer.q.get());
    }

    void run(const Policy& p, bool attends) {
        const Matrix all = q.matrix(length, H * D, type);
        Selection chosen;
        if (p.selects()) {
            chosen = {static_cast<int32_t*>(index.data), static_cast<int32_t*>(count.data), length};
            chosen.per_group = p.select.per_group;
            if (gathered.bytes > 0) chosen.rows = gathered.data;
            b.ops().select(b, rows(all, length - p.select.window, p.select.window), kv, length, p.select,
                           select_work.data, chosen);
            if (chosen.rows) b.ops().gather(b, kv, H, chosen);
        }
        const BlockPlan plan{static_cast<uint32_t*>(mask.data), (length + kPlanBlock - 1) / kPlanBlock,
                             static_cast<uint32_t*>(marked.data)};
        if (p.plans()) b.ops().plan_blocks(b, all, kv, length, p.blocks, chosen, plan_work.data, plan);
        if (attends)
            bench::each_chunk(b, length, kMostRows, [&](int at, int n) {
                const Matrix in = rows(all, at, n), to = rows(out.matrix(length, H * D, type), at, n);
                if (p.plans())
                    b.ops().attend_blocks(b, in, kv, at, plan, chosen, to);
                else if (p.selects())
                    b.ops().attend_selected(b, in, kv, at, chosen, to);
                else
                    b.ops().attend(b, in, kv, at, to);
            });
    }

    /// Of the policy that ran last.
    Looks looks(const Policy& p) const {
        Looks l;
        l.length = length, l.per_group = p.select.per_group;
        if (p.selects()) b.download(&l.count, count.data, 4);
        if (l.count > 0) l.list.resize(index.bytes / 4), b.download(l.list.data(), index.data, index.bytes);
        if (!p.plans()) return l;
        uint32_t bits = 0;
        b.download(&bits, marked.data, 4);
        l.mask.resize(mask.bytes / 4), l.marked = bits;
        b.download(l.mask.data(), mask.data, mask.bytes);
        return l;
    }

    /// Row i of what ran last, (H * D).
    std::vector<float> result(int i) const {
        std::vector<char> bytes(row_bytes(type, H * D));
        b.download(bytes.data(), static_cast<char*>(out.data) + bytes.size() * size_t(i), bytes.size());
        std::vector<float> values(H * D);
        if (type == DType::f32) return std::memcpy(values.data(), bytes.data(), bytes.size()), values;
        for (size_t c = 0; c < values.size(); ++c) {
            uint16_t half;
            std::memcpy(&half, &bytes[c * 2], 2);
            values[c] = cpu::half_to_float(half);
        }
        return values;
    }
    void wait() const {
        int32_t word;
        b.download(&word, count.data, 4);
    }

  private:
    Matrix rows(Matrix m, int first, int n) const {
        m.data = static_cast<char*>(m.data) + row_bytes(type, size_t(m.stride)) * size_t(first);
        m.rows = n;
        return m;
    }
    void upload_queries(const uint16_t* from) {
        if (type == DType::f16) return b.upload(q.data, from, q.bytes);
        std::vector<float> wide(H * D);
        for (int i = 0; i < length; ++i, from += wide.size()) {
            std::transform(from, from + wide.size(), wide.begin(), cpu::half_to_float);
            b.upload(static_cast<float*>(q.data) + size_t(i) * wide.size(), wide.data(), wide.size() * 4);
        }
    }

    Backend& b;
    const DType type;
    const int length;
    Device k, v, q, out, index, count, gathered, mask, marked, select_work, plan_work;
    KvLayer kv;
};

/// Sums over rows and heads, and what becomes of them.
struct Sum {
    double wrong = 0, dense = 0, mass = 0, rows = 0;
    void operator+=(const Sum& s) { wrong += s.wrong, dense += s.dense, mass += s.mass, rows += s.rows; }
    double error() const { return dense > 0 ? 100 * std::sqrt(wrong / dense) : 0; }
    double covered() const { return rows > 0 ? 100 * mass / rows : 0; }
};
struct Score {
    Sum last, kept, all;
    std::array<Sum, kKinds.size()> by_kind;  // of kept
};

using Results = std::vector<std::vector<float>>;  // by sampled row, (H * D); none: without attention

/// Of one head's row, kept or not.
Sum judge_row(const Looks& looks, const Exact& exact, const Results& dense, const Results& got, size_t r,
              int h, int64_t place) {
    Sum sum{.rows = 1};
    if (place >= 0) sum.mass = looks.mass(h, place, exact.of(r, h));
    if (got.empty()) return sum;
    for (size_t c = size_t(h) * D; c < size_t(h + 1) * D; ++c) {
        const double is = double(got[r][c]), should = double(dense[r][c]);
        sum.wrong += (is - should) * (is - should), sum.dense += should * should;
    }
    return sum;
}

/// The first half of the sampled rows stands for all, the other for the last.
Score judge(const Looks& looks, const Exact& exact, const Results& dense, const Results& got,
            cpu::Pool& pool) {
    const size_t rows = exact.rows.size();
    std::vector<Sum> sums(rows * H);
    const std::atomic<bool> stop{false};
    const auto place = [&](size_t task) { return looks.place(int(task % H), exact.rows[task / H]); };
    pool.run(int64_t(sums.size()), stop, [&](int64_t i, int) {
        const auto task = size_t(i);
        sums[task] = judge_row(looks, exact, dense, got, task / H, int(task % H), place(task));
    });
    Score score;
    for (size_t task = 0; task < sums.size(); ++task) {
        const Sum& sum = sums[task];
        if (task / H >= rows / 2) {
            score.last += sum;
            continue;
        }
        score.all += sum;
        if (place(task) < 0) continue;
        score.kept += sum;
        score.by_kind[size_t(kind_of(int(task % H)))] += sum;
    }
    return score;
}

/// One in each of as many equal stretches of the text before the last 128 rows, then of those.
std::vector<int> sampled_rows(int length, uint64_t seed) {
    constexpr int each = 24;
    Random random(seed);
    std::vector<int> rows;
    for (const auto& [first, count] : {std::pair{0, length - 128}, {length - 128, 128}})
        for (int i = 0; i < each; ++i) rows.push_back(first + int((i + random.uniform()) / each * count));
    return rows;
}

/// The layer's mass by cause, measured: of the nearest 1024 that are no sinks, of hitters and of what was
/// asked for beyond them.
void print_shares(const Layer& layer, const Exact& exact) {
    std::printf("\n%-12s %7s %7s %7s %7s %7s   %% of mass, %zu rows of %d\n", "heads", "sinks", "band",
                "hitters", "asked", "rest", exact.rows.size(), layer.length);
    for (size_t kind = 0; kind <= kKinds.size(); ++kind) {
        double share[5] = {}, all = 0;
        for (int h = 0; h < H; ++h)
            for (size_t r = 0; r < exact.rows.size(); ++r) {
                if (kind < kKinds.size() && size_t(kind_of(h)) != kind) continue;
                const int64_t i = exact.rows[r], asked = layer.asked(h, i);
                all += 1;
                for (int64_t j = 0; j <= i; ++j) {
                    const bool wanted = asked >= 0 && j >= asked && j < asked + kPlaceTokens;
                    share[j < kSinks        ? 0
                          : wanted          ? 3
                          : i - j < kBand   ? 1
                          : layer.hitter(j) ? 2
                                            : 4] += double(exact.of(r, h)[j]);
                }
            }
        std::printf("%-12s", kind < kKinds.size() ? kKinds[kind].name : "all");
        for (const double s : share) std::printf(" %7.1f", 100 * s / all);
        std::puts("");
    }
}

void print_head() {
    std::printf("%-30s %9s    %8s %6s %6s   %20s   %20s  ", "", "time", "", "kept", "pairs",
                "error: last kept all", "mass: last kept  all");
    for (const Kind& kind : kKinds) std::printf(" %9s", kind.name);
    std::puts("");
}

void print_row(const std::string& name, const Looks& looks, const Score& s, double seconds, double dense) {
    std::printf("%-30s %9.3f ms %6.2f x %6.1f %6.1f  ", name.c_str(), seconds * 1e3, dense / seconds,
                100 * looks.kept(), 100 * looks.pairs());
    for (const Sum* sum : {&s.last, &s.kept, &s.all}) std::printf(" %6.2f", sum->error());
    std::printf("  ");
    for (const Sum* sum : {&s.last, &s.kept, &s.all}) std::printf(" %6.2f", sum->covered());
    std::printf("  ");
    for (const Sum& sum : s.by_kind) std::printf(" %9.2f", sum.covered());
    std::puts("");
}

/// A warm-up of all, in which results are judged, then rounds of all.
void measure(Backend& b, const Layer& layer, const Exact& exact, const std::vector<Policy>& all, int rounds,
             bool attends, cpu::Pool& pool) {
    Stage stage(b, layer);
    std::vector<Looks> looks;
    std::vector<Score> scores;
    std::vector<std::vector<double>> times(all.size());
    Results dense;
    for (const Policy& p : all) {
        stage.run(p, attends);
        Results got;
        for (const int row : exact.rows)
            if (attends) got.push_back(stage.result(row));
        if (looks.empty()) dense = got;
        Looks l = stage.looks(p);
        scores.push_back(judge(l, exact, dense, got, pool));
        l.list = {};
        looks.push_back(std::move(l));
    }
    for (int round = 0; round < rounds; ++round)
        for (size_t i = 0; i < all.size(); ++i) {
            stage.wait();
            const auto begun = std::chrono::steady_clock::now();
            stage.run(all[i], attends);
            stage.wait();
            times[i].push_back(
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
        }
    for (auto& t : times) std::sort(t.begin(), t.end());
    const auto median = [&](size_t i) { return times[i][times[i].size() / 2]; };
    print_head();
    for (size_t i = 0; i < all.size(); ++i)
        print_row(std::to_string(layer.length) + " " + all[i].name, looks[i], scores[i], median(i),
                  median(0));
}

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int i, const char* otherwise) {
        return std::string(argc > i ? argv[i] : otherwise);
    };
    const std::string on = argument(1, "cuda");
    if (on == "cuda" && !cuda::available()) return std::puts("no GPU"), 77;
    const auto backend = on == "cuda" ? cuda::create_backend() : cpu::create_backend();
    cpu::Pool pool(cpu::usable_cores());
    std::printf("%s\n", backend->describe().c_str());
    std::istringstream lengths(argument(2, "32768,131072"));
    for (std::string length; std::getline(lengths, length, ',');) {
        const Layer layer(std::stoi(length), 1, pool);
        const Exact exact(layer, sampled_rows(layer.length, 1), pool);
        print_shares(layer, exact);
        if (on != "shares")
            measure(*backend, layer, exact, policies(argument(3, "")), on == "cuda" ? 7 : 1, on != "plans",
                    pool);
        std::fflush(stdout);
    }
}
