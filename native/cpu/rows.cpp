// Ops that treat every row alone.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "cpu/cpu.h"

namespace longleaf::cpu {
namespace {

constexpr int64_t kRowsPerTask = 16;

/// body(first, last, thread) over rows 0 .. rows - 1.
template <class Body>
void over_rows(Running& run, int64_t rows, Body&& body) {
    run.parallel(parts(rows, kRowsPerTask), [&](int64_t task, int thread) {
        body(task * kRowsPerTask, std::min(rows, (task + 1) * kRowsPerTask), thread);
    });
}

struct Turn {
    double cosine, sine;
};

Turn turn_by(double angle) { return {std::cos(angle), std::sin(angle)}; }

// cos and sin of position * inv_freq are products of two table entries, position = kStep * a + b: 2 * T /
// kStep turns are computed instead of T, in double, so the float results do not notice.
constexpr int kStep = 64;

/// Turns of one call: coarse for each a, fine for each b in use.
struct TurnTable {
    TurnTable(const RopeTable& table, int64_t start, int64_t rows)
        : half(table.rotated / 2),
          magnitude(static_cast<double>(table.magnitude)),
          first(start / kStep),
          coarse(static_cast<size_t>((start + rows - 1) / kStep - first + 1) * static_cast<size_t>(half)),
          fine(static_cast<size_t>(kStep * half)) {
        for (size_t i = 0; i < coarse.size(); ++i)
            coarse[i] = turn_by(static_cast<double>(first + static_cast<int64_t>(i) / half) * kStep *
                                static_cast<double>(table.inv_freq[static_cast<int64_t>(i) % half]));
        for (int64_t b = 0; b < kStep; ++b) {
            const bool used = rows >= kStep || (b - start % kStep + kStep) % kStep < rows;
            for (int64_t i = 0; used && i < half; ++i)
                fine[static_cast<size_t>(b * half + i)] =
                    turn_by(static_cast<double>(b) * static_cast<double>(table.inv_freq[i]));
        }
    }

    void at(int64_t position, float* cosines, float* sines) const {
        const Turn* a = &coarse[static_cast<size_t>((position / kStep - first) * half)];
        const Turn* b = &fine[static_cast<size_t>(position % kStep * half)];
        for (int64_t i = 0; i < half; ++i) {
            cosines[i] = static_cast<float>(magnitude * (a[i].cosine * b[i].cosine - a[i].sine * b[i].sine));
            sines[i] = static_cast<float>(magnitude * (a[i].sine * b[i].cosine + a[i].cosine * b[i].sine));
        }
    }

    int64_t half;
    double magnitude;
    int64_t first;
    std::vector<Turn> coarse, fine;
};

void rotate_pairs(float* head, const float* cosines, const float* sines, int64_t half) {
    for (int64_t i = 0; i < half; ++i) {
        const float a = head[2 * i], b = head[2 * i + 1];
        head[2 * i] = a * cosines[i] - b * sines[i];
        head[2 * i + 1] = a * sines[i] + b * cosines[i];
    }
}

void rotate_halves(float* head, const float* cosines, const float* sines, int64_t half) {
    for (int64_t i = 0; i < half; ++i) {
        const float a = head[i], b = head[half + i];
        head[i] = a * cosines[i] - b * sines[i];
        head[half + i] = a * sines[i] + b * cosines[i];
    }
}

}  // namespace

void embed(Backend& backend, const Tensor& table, const int32_t* ids, Matrix out) {
    Running run(backend);
    assert(out.cols == table.cols && "embed: the table's rows are as wide as the model");
    const Rows rows{table.data, row_bytes(table.type, static_cast<size_t>(table.cols)), ids};
    over_rows(run, out.rows, [&](int64_t first, int64_t last, int) {
        run.kernels().unpack(table.type, from_row(rows, first), last - first, out.cols, row(out, first),
                             out.stride);
    });
}

void rmsnorm(Backend& backend, Matrix x, const Tensor& weight, float eps, Matrix out) {
    Running run(backend);
    assert(weight.type == DType::f32 && "rmsnorm: norm weights are f32");
    over_rows(run, x.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r)
            run.kernels().rmsnorm(row(x, r), static_cast<const float*>(weight.data), x.cols, eps,
                                  row(out, r));
    });
}

void norm_heads(Backend& backend, Matrix x, const Tensor& weight, float eps) {
    Running run(backend);
    over_rows(run, x.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r)
            for (float* head = row(x, r); head < row(x, r) + x.cols; head += weight.cols)
                run.kernels().rmsnorm(head, static_cast<const float*>(weight.data), weight.cols, eps, head);
    });
}

void add_bias(Backend& backend, Matrix x, const Tensor& bias) {
    Running run(backend);
    const auto* more = static_cast<const float*>(bias.data);
    over_rows(run, x.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r)
            for (int64_t c = 0; c < x.cols; ++c) row(x, r)[c] += more[c];
    });
}

void add_scaled(Backend& backend, Matrix x, Matrix more, float scale) {
    Running run(backend);
    over_rows(run, x.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r)
            for (int64_t c = 0; c < x.cols; ++c) row(x, r)[c] += scale * row(more, r)[c];
    });
}

void scale(Backend& backend, Matrix x, float by) {
    Running run(backend);
    over_rows(run, x.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r)
            for (int64_t c = 0; c < x.cols; ++c) row(x, r)[c] *= by;
    });
}

void soften(Backend& backend, Matrix x, float cap) {
    Running run(backend);
    over_rows(run, x.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r) run.kernels().soften(row(x, r), x.cols, cap);
    });
}

void geglu(Backend& backend, Matrix gate, Matrix up) {
    Running run(backend);
    over_rows(run, gate.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r) run.kernels().geglu(row(gate, r), row(up, r), gate.cols);
    });
}

void swiglu(Backend& backend, Matrix gate, Matrix up) {
    Running run(backend);
    over_rows(run, gate.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r) run.kernels().swiglu(row(gate, r), row(up, r), gate.cols);
    });
}

void rope(Backend& backend, Matrix x, const RopeTable& table, int start) {
    Running run(backend);
    if (x.rows == 0) return;
    const int64_t half = table.rotated / 2, heads = x.cols / table.head_dim;
    const TurnTable turns(table, start, x.rows);
    run.reserve_local(2 * half);
    over_rows(run, x.rows, [&](int64_t first, int64_t last, int thread) {
        float *cosines = run.local(thread), *sines = cosines + half;
        for (int64_t r = first; r < last; ++r) {
            turns.at(start + r, cosines, sines);
            for (int64_t h = 0; h < heads; ++h)
                (table.neox ? rotate_halves : rotate_pairs)(row(x, r) + h * table.head_dim, cosines, sines,
                                                            half);
        }
    });
}

void kv_write(Backend& backend, Matrix k, Matrix v, KvLayer kv, int start) {
    Running run(backend);
    assert(start + k.rows <= kv.capacity && "kv_write: beyond the cache");
    const DType type = stored_as(kv.type);
    const auto store = [&](const Matrix& from, void* cache, int64_t r) {
        for (int64_t g = 0; g < kv.kv_heads; ++g) {
            const Rows to = from_row(head_rows(cache, kv, g), start + r);
            run.kernels().pack(type, row(from, r) + g * kv.head_dim, kv.head_dim, const_cast<void*>(to.data));
        }
    };
    over_rows(run, k.rows, [&](int64_t first, int64_t last, int) {
        for (int64_t r = first; r < last; ++r) store(k, kv.k, r), store(v, kv.v, r);
    });
}

void rope_and_store(Backend& backend, Matrix q, Matrix k, Matrix v, const RopeTable& table, KvLayer kv,
                    int start) {
    rope(backend, q, table, start);
    rope(backend, k, table, start);
    kv_write(backend, k, v, kv, start);
}

}  // namespace longleaf::cpu
