// Q, K and V of one layer, 8B Llama's shape, whose attention is known: no real model, but its habits as the
// literature describes them. Every head's mass is shared out between five causes, whatever the row:
//
//   sinks      the first four tokens, whose values are small (Xiao et al., arXiv 2309.17453)
//   band       near tokens: 32 rotating pairs as rope has, of frequencies that make a score fall as exp of
//              distance; half the band is within 9 to 140 tokens, by kv head, and interference far away
//              draws faint diagonals
//   hitters    one token of 256, scattered, that all queries like (H2O, arXiv 2306.14048): columns
//   asked for  eight tokens that stand once in the text; sixteen queries ask for them at a time
//   the rest   spread over all tokens, log-normally: by a salience that heads share and in which neighbours
//              are alike, and by noise of query and key
//
//   kind       heads   sinks  band  hitters  asked  rest
//   sink         8      .76    .11     .06     -     .07
//   local        8      .15    .68     .07     -     .10
//   mixed        8      .35    .27     .18     -     .20
//   retrieval    4      .40    .15     .05    .30    .10
//   diffuse      4      .15    .15     .15     -     .55
//
// In 7 of 8 heads sinks and band hold most of it (MInference, arXiv 2407.02490; DuoAttention,
// 2410.10819); the four heads of a kv head are a sink, a local, a mixed one and one of the last two.
// Measured at 128K, shares are within five points of these; in shorter texts the 1024 tokens of the band
// hold much of the rest too. How salience spreads is set so that at 128K policies keep about what is
// published for Llama 3.1 8B: 52 % of all pairs at tau .005 (46 % there, arXiv 2602.03216), 34 % at gamma
// .95 (41 % of the dense time there, arXiv 2502.20766). Values have a part that all tokens share, one
// that 1024 neighbours do and one of their own, so that lost mass shows.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numbers>
#include <vector>

#include "cpu/half.h"
#include "cpu/pool.h"

namespace patterns {

constexpr int H = 32, G = 8, D = 128, kGroup = H / G;

struct Kind {
    const char* name;
    double sinks, band, hitters, asked, rest;
};
constexpr std::array<Kind, 5> kKinds{{{"sink", .76, .11, .06, 0, .07},
                                      {"local", .15, .68, .07, 0, .10},
                                      {"mixed", .35, .27, .18, 0, .20},
                                      {"retrieval", .40, .15, .05, .30, .10},
                                      {"diffuse", .15, .15, .15, 0, .55}}};
constexpr int kind_of(int h) { return std::array{0, 1, 2, 3, 0, 1, 2, 4}[static_cast<size_t>(h % 8)]; }

constexpr int kSinks = 4, kHitterEvery = 256, kBand = 1024;
constexpr int kPlaceEvery = 512, kPlaceTokens = 8, kAskers = 16;  // what is asked for, and by how many rows

// A head's values: what adds up to a score, each in its own.
constexpr int kPairs = 32, kSinkAt = 64, kHitterAt = 65, kSalienceAt = 66, kPlaceAt = 67, kPlaceDims = 32,
              kNoiseAt = 99, kNoiseDims = D - kNoiseAt;
constexpr double kSalience = 1.6, kNoise = 1.0;                     // spreads, in scores
constexpr double kSalienceMean = kSalience * kSalience * 0.64 / 3;  // log of its exp's mean, within a section

/// SplitMix64: random numbers that any thread can begin anywhere.
struct Random {
    uint64_t state;
    explicit Random(uint64_t seed, uint64_t a = 0, uint64_t b = 0) : state(seed) {
        state = next() ^ a * 0xd1342543de82ef95;
        state = next() ^ b * 0x2545f4914f6cdd1d;
    }
    uint64_t next() {
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    /// Nearly: the sum of four uniform values.
    float normal() {
        const uint64_t r = next();
        const auto sum = static_cast<int>((r & 0xffff) + (r >> 16 & 0xffff) + (r >> 32 & 0xffff) + (r >> 48));
        return static_cast<float>(sum - 131070) * (1.7320508f / 65535);
    }
};

/// A normal value per `step` tokens, and straight lines between.
inline double smooth(uint64_t seed, int64_t at, int64_t step) {
    const auto value = [&](int64_t i) { return Random(seed, static_cast<uint64_t>(i)).normal(); };
    const double along = static_cast<double>(at % step) / static_cast<double>(step);
    return value(at / step) * (1 - along) + value(at / step + 1) * along;
}

/// One layer in f16, on the host. The same seed gives the same bits, however many threads there are.
class Layer {
  public:
    Layer(int length, uint64_t seed, longleaf::cpu::Pool&);

    const int length;
    std::unique_ptr<uint16_t[]> q;     // (S, H * D)
    std::unique_ptr<uint16_t[]> k, v;  // (G, S, D)

    bool hitter(int64_t j) const {
        return j >= kSinks && Random(seed_ + 1, uint64_t(j)).next() % kHitterEvery == 0;
    }
    /// The first token of what row i asks for in head h, -1: nothing has been yet.
    int64_t asked(int h, int64_t i) const {
        const int64_t there = i / kPlaceEvery;
        if (kKinds[kind_of(h)].asked == 0 || there == 0) return -1;
        return place_at(static_cast<int64_t>(Random(seed_ + 2, uint64_t(h), uint64_t(i / kAskers)).next() %
                                             uint64_t(there)));
    }

  private:
    struct Band {
        double amplitude, far;  // of a pair; log of the mean of exp of what they add far away
    };
    static constexpr int kSteps = 2, kDoublings = 28;  // of a table by n: its steps per doubling

    int64_t place_at(int64_t n) const {
        return n * kPlaceEvery + 64 + static_cast<int64_t>(Random(seed_ + 3, uint64_t(n)).next() % 384);
    }
    double section(int64_t j) const { return 0.8 * smooth(seed_ + 4, j, 1024); }
    double salience(int64_t j) const { return section(j) + 0.8 * smooth(seed_ + 5, j, 48); }
    void choose_frequencies();
    void sum_salience(longleaf::cpu::Pool&);
    Band fit(int h, double n) const;
    void key(int g, int64_t j, float* out) const;
    void query(int h, int64_t i, const float* turned, float* out) const;
    void value(int g, int64_t j, float* out) const;
    void turn(int g, int64_t at, float* out) const;
    void direction(int64_t place, float size, float* out) const;

    const uint64_t seed_;
    std::array<std::array<double, kPairs>, G> frequency_;
    std::vector<double> salient_;            // (S) log of the sum of exp(kSalience * salience) up to here
    std::array<std::vector<Band>, H> band_;  // by kSteps * log2 n, see fit
};

inline void store(const float* from, double scale, uint16_t* to) {
    for (int c = 0; c < D; ++c) to[c] = longleaf::cpu::float_to_half(from[c] * static_cast<float>(scale));
}

inline Layer::Layer(int tokens, uint64_t seed, longleaf::cpu::Pool& pool)
    : length(tokens),
      q(std::make_unique_for_overwrite<uint16_t[]>(size_t(tokens) * H * D)),
      k(std::make_unique_for_overwrite<uint16_t[]>(size_t(tokens) * G * D)),
      v(std::make_unique_for_overwrite<uint16_t[]>(size_t(tokens) * G * D)),
      seed_(seed * 1000) {
    const std::atomic<bool> stop{false};
    choose_frequencies();
    sum_salience(pool);
    pool.run(H, stop, [&](int64_t h, int) {
        for (int i = 0; i <= kSteps * kDoublings; ++i)
            band_[size_t(h)].push_back(fit(int(h), std::exp2(double(i) / kSteps)));
    });
    // A score is a sum of products that need no 1 / sqrt(D): both sides carry a root of sqrt(D).
    const double scale = std::pow(D, 0.25);
    pool.run((length + 127) / 128, stop, [&](int64_t block, int) {
        float values[D], turned[2 * kPairs];
        for (int64_t i = block * 128; i < std::min<int64_t>(length, block * 128 + 128); ++i)
            for (int g = 0; g < G; ++g) {
                const size_t at = (size_t(g) * size_t(length) + size_t(i)) * D;
                turn(g, i, turned);
                key(g, i, values), store(values, scale, &k[at]);
                value(g, i, values), store(values, 1, &v[at]);
                for (int h = g * kGroup; h < (g + 1) * kGroup; ++h)
                    query(h, i, turned, values), store(values, scale, &q[(size_t(i) * H + size_t(h)) * D]);
            }
    });
}

/// Quantiles of a Cauchy distribution of width 1 / l, whose transform is exp(-d / l); jittered, or their beat
/// would repeat the band.
inline void Layer::choose_frequencies() {
    for (int g = 0; g < G; ++g) {
        Random random(seed_ + 6, uint64_t(g));
        const double reach = 128 * std::exp2(g / 2.0);
        for (int m = 0; m < kPairs; ++m)
            frequency_[g][m] = std::tan((m + random.uniform()) / kPairs * std::numbers::pi / 2) / reach;
    }
}

inline void Layer::sum_salience(longleaf::cpu::Pool& pool) {
    const std::atomic<bool> stop{false};
    salient_.resize(size_t(length));
    pool.run((length + 1023) / 1024, stop, [&](int64_t block, int) {
        for (int64_t j = block * 1024; j < std::min<int64_t>(length, block * 1024 + 1024); ++j)
            salient_[size_t(j)] = std::exp(kSalience * salience(j));
    });
    double sum = 0;
    for (double& x : salient_) sum += x, x = std::log(sum);
}

/// How strong the pairs of head h are so that the band outweighs the rest as its kind says, where all tokens
/// seen weigh as much as n of those near. Both grow with the amplitude; far away phases are random, and the
/// mean of exp(a cos) over them is I0(a).
inline Layer::Band Layer::fit(int h, double n) const {
    const Kind& kind = kKinds[kind_of(h)];
    std::vector<double> fall;  // of a score by distance, for amplitude 1
    for (int d = 0; d < kBand; ++d) {
        double sum = 0;
        for (const double f : frequency_[h / kGroup]) sum += std::cos(f * d);
        fall.push_back(sum);
    }
    double low = 0, high = 2;
    for (int step = 0; step < 20; ++step) {
        const double a = (low + high) / 2, far = kPairs * std::log(std::cyl_bessel_i(0.0, a));
        double near = 0;
        for (const double x : fall) near += std::exp(a * x - far);
        (near * kind.rest < n * kind.band ? low : high) = a;
    }
    return {low, kPairs * std::log(std::cyl_bessel_i(0.0, low))};
}

inline void Layer::turn(int g, int64_t at, float* out) const {
    for (int m = 0; m < kPairs; ++m) {
        const double angle = frequency_[g][m] * static_cast<double>(at);
        out[2 * m] = static_cast<float>(std::cos(angle));
        out[2 * m + 1] = static_cast<float>(std::sin(angle));
    }
}

inline void Layer::direction(int64_t place, float size, float* out) const {
    uint64_t signs = Random(seed_ + 7, uint64_t(place)).next();
    for (int c = 0; c < kPlaceDims; ++c, signs >>= 1) out[c] = signs & 1 ? size : -size;
}

inline void Layer::key(int g, int64_t j, float* out) const {
    std::fill_n(out, D, 0.0f);
    if (j < kSinks) return void(out[kSinkAt] = 1);
    turn(g, j, out);
    out[kHitterAt] = hitter(j);
    const int64_t place = place_at(j / kPlaceEvery);
    const bool placed = j >= place && j < place + kPlaceTokens;
    if (placed) direction(place, 1 / std::sqrt(float(kPlaceDims)), out + kPlaceAt);
    out[kSalienceAt] = static_cast<float>(placed ? 2 * kSalienceMean / kSalience : salience(j));
    Random random(seed_ + 8, uint64_t(g), uint64_t(j));
    for (int c = 0; c < kNoiseDims; ++c)
        out[kNoiseAt + c] = random.normal() / std::sqrt(static_cast<float>(kNoiseDims));
}

/// `turned`: the pairs of a key at the same place.
inline void Layer::query(int h, int64_t i, const float* turned, float* out) const {
    const Kind& kind = kKinds[kind_of(h)];
    const double n = static_cast<double>(i) + 1, near = kSalience * section(i) + kSalienceMean;
    const double doublings = (salient_[size_t(i)] - near) / std::numbers::ln2;
    const double at = kSteps * std::clamp(doublings, 0.0, kDoublings - 1.0), along = at - std::floor(at);
    const Band &low = band_[h][size_t(at)], &high = band_[h][size_t(at) + 1];
    const double amplitude = low.amplitude * (1 - along) + high.amplitude * along;
    const double rest = salient_[size_t(i)] + kNoise * kNoise / 2 + low.far * (1 - along) + high.far * along;
    std::fill_n(out, D, 0.0f);
    for (int c = 0; c < 2 * kPairs; ++c) out[c] = turned[c] * static_cast<float>(amplitude);
    out[kSinkAt] = static_cast<float>(rest + std::log(kind.sinks / kind.rest / kSinks));
    out[kHitterAt] = static_cast<float>(std::log(kind.hitters / kind.rest * kHitterEvery));
    out[kSalienceAt] = static_cast<float>(kSalience);
    if (const int64_t place = asked(h, i); place >= 0) {
        const double score = std::log(kind.asked / kind.rest * n / kPlaceTokens);
        direction(place, static_cast<float>(score) / std::sqrt(float(kPlaceDims)), out + kPlaceAt);
    }
    Random random(seed_ + 9, uint64_t(h), uint64_t(i));
    for (int c = 0; c < kNoiseDims; ++c) out[kNoiseAt + c] = static_cast<float>(kNoise) * random.normal();
}

inline void Layer::value(int g, int64_t j, float* out) const {
    Random own(seed_ + 10, uint64_t(g), uint64_t(j)), all(seed_ + 11, uint64_t(g)),
        near(seed_ + 12, uint64_t(g), uint64_t(j / 1024));
    const float size = j < kSinks ? 0.1f : 1.0f;
    for (int c = 0; c < D; ++c)
        out[c] = size * (0.7f * own.normal() + 0.5f * all.normal() + 0.5f * near.normal());
}

/// Softmax of some rows, every head, in double; kept as f32.
struct Exact {
    /// Rows in ascending order.
    Exact(const Layer&, std::vector<int> rows, longleaf::cpu::Pool&);
    const float* of(size_t row, int h) const { return p.get() + (row * H + size_t(h)) * size_t(length); }

    int length;
    std::vector<int> rows;
    std::unique_ptr<float[]> p;  // (rows, H, S), beyond a row's own place nothing
};

inline Exact::Exact(const Layer& layer, std::vector<int> which, longleaf::cpu::Pool& pool)
    : length(layer.length),
      rows(std::move(which)),
      p(std::make_unique_for_overwrite<float[]>(rows.size() * H * size_t(length))) {
    const std::atomic<bool> stop{false};
    std::vector<float> keys(size_t(length) * D);  // of a kv head
    for (int g = 0; g < G; ++g) {
        const uint16_t* k = &layer.k[size_t(g) * keys.size()];
        pool.run(length, stop, [&](int64_t j, int) {
            for (int64_t c = j * D; c < (j + 1) * D; ++c)
                keys[size_t(c)] = longleaf::cpu::half_to_float(k[c]);
        });
        pool.run(int64_t(rows.size()) * kGroup, stop, [&](int64_t task, int) {
            const auto r = size_t(task / kGroup), seen = size_t(rows[r]) + 1;
            const auto h = size_t(g * kGroup + task % kGroup);
            double q[D], total = 0, peak = -1e300;
            for (size_t c = 0; c < D; ++c)
                q[c] = double(longleaf::cpu::half_to_float(layer.q[(size_t(rows[r]) * H + h) * D + c]));
            std::vector<double> score(seen);
            for (size_t j = 0; j < seen; ++j) {
                double sum[8] = {};
                for (size_t c = 0; c < D; ++c) sum[c % 8] += q[c] * double(keys[j * D + c]);
                for (int i = 1; i < 8; ++i) sum[0] += sum[i];
                peak = std::max(peak, score[j] = sum[0] / std::sqrt(double(D)));
            }
            for (double& s : score) total += s = std::exp(s - peak);
            float* out = p.get() + (r * H + h) * size_t(length);
            for (size_t j = 0; j < seen; ++j) out[j] = float(score[j] / total);
        });
    }
}

}  // namespace patterns
