// FlexPrefill's plan as ops/ops.h defines it, written out in double.
#pragma once

#include <numeric>

#include "ops/ops.h"
#include "reference.h"

namespace reference {

using Rows = std::vector<std::vector<bool>>;  // (nb, nb) of one head

/// A head's places: what it attends over, in order.
struct Places {
    const Grid<double>& q;
    const Cache<double>& kv;
    int64_t h, g;
    std::vector<int64_t> position;
    bool listed;

    int64_t count() const { return static_cast<int64_t>(position.size()); }
    const double* query(int64_t i) const { return &q(position[static_cast<size_t>(i)], h * kv.d); }
    double key(int64_t i, int64_t c) const { return kv.k(position[static_cast<size_t>(i)], g * kv.d + c); }
};

inline std::vector<double> mean_of(int64_t first, int64_t end, int64_t d, auto&& value) {
    std::vector<double> mean(static_cast<size_t>(d));
    for (int64_t i = first; i < end; ++i)
        for (int64_t c = 0; c < d; ++c)
            mean[static_cast<size_t>(c)] += value(i, c) / static_cast<double>(end - first);
    return mean;
}

inline std::vector<double> softmax(std::vector<double> x) {
    const double peak = *std::max_element(x.begin(), x.end());
    double total = 0;
    for (double& v : x) total += v = std::exp(v - peak);
    for (double& v : x) v /= total;
    return x;
}

inline std::vector<int64_t> ranked(const std::vector<double>& mass) {
    std::vector<int64_t> order(mass.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        return mass[static_cast<size_t>(a)] > mass[static_cast<size_t>(b)];
    });
    return order;
}

inline int64_t budget_of(std::vector<double> profile, double gamma) {
    std::sort(profile.begin(), profile.end(), std::greater<>());
    double sum = 0;
    int64_t count = 0;
    for (const double mass : profile)
        if ((sum += mass) <= gamma) ++count;
    return (count + 1) / longleaf::kPlanBlock + 1;
}

/// What one head was found to be.
struct HeadPlan {
    Rows rows;
    bool by_rows = false;
    double divergence = 0;
    std::vector<double> coverage;  // (nb) of each row's estimate, by its blocks
};

inline HeadPlan plan_head(const Places& p, const longleaf::BlockOptions& o) {
    constexpr int64_t B = longleaf::kPlanBlock;
    const int64_t n = p.count(), nb = (n + B - 1) / B, d = p.kv.d;
    const auto at = [](int64_t i) { return static_cast<size_t>(i); };
    const double scale = 1 / std::sqrt(static_cast<double>(d));
    HeadPlan plan;
    plan.rows.assign(at(nb), std::vector<bool>(at(nb)));
    const auto mark_all = [&](int64_t from) {
        for (int64_t r = from; r < nb; ++r)
            for (int64_t c = 0; c <= r; ++c) plan.rows[at(r)][at(c)] = true;
    };
    if (n <= std::max<int64_t>(2 * B, o.min_tokens) || o.pattern == longleaf::BlockPattern::none) {
        mark_all(0);
        return plan;
    }
    mark_all((n - B) / B);
    if (o.pattern == longleaf::BlockPattern::stripes) {
        for (int64_t r = 0; r < nb; ++r)
            for (int64_t c = 0; c <= r; ++c)
                if (c < (o.sinks + B - 1) / B || r - c <= (o.local + B - 1) / B)
                    plan.rows[at(r)][at(c)] = true;
        return plan;
    }
    std::vector<double> vertical(at(n)), slash(at(n)), columns(at(nb)), diagonals(at(nb));
    for (int64_t i = n - B; i < n; ++i) {
        std::vector<double> scores;
        for (int64_t j = 0; j <= i; ++j) {
            double dot = 0;
            for (int64_t c = 0; c < d; ++c) dot += p.query(i)[c] * p.key(j, c);
            scores.push_back(dot * scale);
        }
        scores = softmax(scores);
        for (int64_t j = 0; j <= i; ++j) {
            const double mass = scores[at(j)] / static_cast<double>(B);
            vertical[at(j)] += mass, slash[at(i - j)] += mass;
        }
    }
    for (int64_t i = 0; i < n; ++i) {
        columns[at(i / B)] += vertical[at(i)];
        // Of the B pairs of a block of queries at this distance, i % B have their key a block further back.
        for (int64_t a = 0; a < B; ++a) {
            const int64_t o_of = (i + B - 1 - a) / B;  // of the query at place a of its block
            if (o_of < nb) diagonals[at(o_of)] += slash[at(i)] / static_cast<double>(B);
        }
    }
    std::vector<std::vector<double>> keys;
    for (int64_t b = 0; b < nb; ++b)
        keys.push_back(
            mean_of(b * B, std::min(n, (b + 1) * B), d, [&](int64_t i, int64_t c) { return p.key(i, c); }));
    const auto estimate = [&](int64_t first, int64_t end, int64_t count) {
        const auto q = mean_of(first, end, d, [&](int64_t i, int64_t c) { return p.query(i)[c]; });
        std::vector<double> scores;
        for (int64_t b = 0; b < count; ++b)
            scores.push_back(std::inner_product(q.begin(), q.end(), keys[at(b)].begin(), 0.0) * scale);
        return softmax(scores);
    };
    const auto probe = estimate(n - B, n, nb);
    for (int64_t b = 0; b < nb; ++b) {
        const double a = probe[at(b)], c = columns[at(b)], middle = (a + c) / 2;
        plan.divergence +=
            (a > 0 ? a * std::log(a / middle) / 2 : 0) + (c > 0 ? c * std::log(c / middle) / 2 : 0);
    }
    plan.divergence = std::sqrt(std::max(0.0, plan.divergence));
    plan.by_rows = p.listed || plan.divergence < static_cast<double>(o.similarity);
    const int64_t least = std::min<int64_t>(nb, (o.min_tokens + B - 1) / B);
    int64_t wide = least, deep = least;
    if (!plan.by_rows) {
        wide = std::clamp(budget_of(vertical, static_cast<double>(o.gamma)), least, nb);
        deep = std::clamp(budget_of(slash, static_cast<double>(o.gamma)), least, nb);
    }
    columns[0] = diagonals[0] = INFINITY;
    if (p.listed) deep = 2, diagonals[1] = INFINITY;
    const auto best = ranked(columns), nearest = ranked(diagonals);
    for (int64_t i = 0; i < wide; ++i)
        for (int64_t r = best[at(i)]; r < nb; ++r) plan.rows[at(r)][at(best[at(i)])] = true;
    for (int64_t i = 0; i < deep; ++i)
        for (int64_t r = nearest[at(i)]; r < nb; ++r) plan.rows[at(r)][at(r - nearest[at(i)])] = true;
    for (int64_t r = 0; r < nb; ++r) {
        const auto share = estimate(r * B, std::min(n, (r + 1) * B), r + 1);
        double sum = 0, covered = 0;
        for (const int64_t c : ranked(share)) {
            if (plan.by_rows && sum < static_cast<double>(o.gamma)) plan.rows[at(r)][at(c)] = true;
            sum += share[at(c)];
            if (plan.rows[at(r)][at(c)]) covered += share[at(c)];
        }
        plan.coverage.push_back(covered);
    }
    return plan;
}

/// `kept`: what each head selected; empty: all positions.
inline std::vector<HeadPlan> plan_blocks(const Grid<double>& q, const Cache<double>& kv,
                                         const longleaf::BlockOptions& o,
                                         const std::vector<std::vector<int64_t>>& kept = {}) {
    const int64_t heads = q.cols / kv.d, group = heads / (kv.k.cols / kv.d);
    std::vector<HeadPlan> all;
    for (int64_t h = 0; h < heads; ++h) {
        std::vector<int64_t> every(static_cast<size_t>(q.rows));
        std::iota(every.begin(), every.end(), 0);
        all.push_back(plan_head(
            {q, kv, h, h / group, kept.empty() ? every : kept[static_cast<size_t>(h)], !kept.empty()}, o));
    }
    return all;
}

/// Each query looks into the blocks of its row; rows of no place are 0.
template <class Real>
Grid<Real> attend_blocks(const Grid<Real>& q, const Cache<Real>& kv, const std::vector<Rows>& rows,
                         const std::vector<std::vector<int64_t>>& kept = {}, Round<Real> round = nullptr) {
    constexpr int64_t B = longleaf::kPlanBlock;
    Grid<Real> out(q.rows, q.cols);
    const int64_t heads = q.cols / kv.d, group = heads / (kv.k.cols / kv.d);
    for (int64_t h = 0; h < heads; ++h) {
        std::vector<int64_t> places(static_cast<size_t>(q.rows));
        std::iota(places.begin(), places.end(), 0);
        if (!kept.empty()) places = kept[static_cast<size_t>(h)];
        for (size_t i = 0; i < places.size(); ++i) {
            std::vector<int64_t> seen;
            for (size_t j = 0; j <= i; ++j)
                if (rows[static_cast<size_t>(h)][i / B][j / B]) seen.push_back(places[j]);
            attend_row(&q(places[i], h * kv.d), kv, h / group, seen, &out(places[i], h * kv.d), round);
        }
    }
    return out;
}

}  // namespace reference
