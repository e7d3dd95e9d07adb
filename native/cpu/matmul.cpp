// out = x * w^T. Weights are unpacked to f32 row panels, tokens become the lanes of tiles (kernels.h), sums
// are f32 in ascending k for every element, whatever the panels, blocks and threads.
#include <algorithm>
#include <cassert>

#include "cpu/cpu.h"

namespace longleaf::cpu {
namespace {

constexpr int64_t kTokensPerBlock = 480;    // bounds scratch; a weight is unpacked once per block
constexpr int64_t kPanelFloats = 64 << 10;  // 256 KiB of unpacked weights: half of a small L2
constexpr int64_t kDepthFloats = 6 << 10;   // 24 KiB of a token tile at a time: stays in L1
constexpr int64_t kPad = 16;                // keeps rows of a panel off the same L1 set

struct Job {
    const Kernels& kernels;
    const Tensor& w;
    Rows rows;
    Matrix x, out;  // this block's rows
    bool add;
    const float* tiles;  // (tiles, K, lanes)
    int64_t panel_rows;
};

int64_t panel_rows(const Tensor& w, const Kernels& kernels) {
    const int64_t fit = kPanelFloats / (w.cols + kPad) / kernels.tile_rows * kernels.tile_rows;
    const int64_t rows = std::clamp<int64_t>(fit, kernels.tile_rows, 64);
    return std::min(rows, round_up(w.rows, kernels.tile_rows));
}

int64_t panel_floats(const Tensor& w, int64_t rows) { return rows * (w.cols + kPad); }

/// One token tile against one unpacked panel, in k steps that keep the tile's slice in L1.
void multiply_tile(const Job& job, const float* panel, int64_t n, int64_t first_row, int64_t tile,
                   float* sums) {
    const Kernels& kn = job.kernels;
    const int64_t k = job.w.cols, step = kDepthFloats / kn.lanes, m = round_up(n, kn.tile_rows);
    const int64_t first = tile * kn.lanes;
    const int rows = static_cast<int>(std::min<int64_t>(kn.lanes, job.x.rows - first));
    const int vectors = static_cast<int>(parts(rows, kn.width));
    const float* b = job.tiles + tile * k * kn.lanes;
    for (int64_t p = 0; p < k; p += step)
        kn.product(panel + p, k + kPad, m, b + p * kn.lanes, std::min(step, k - p), sums, vectors, p > 0);
    kn.from_lanes(sums, rows, n, row(job.out, first) + first_row, job.out.stride, job.add);
}

void multiply_panel(const Job& job, int64_t panel_index, int64_t first_tile, int64_t last_tile,
                    float* scratch) {
    const Kernels& kn = job.kernels;
    const int64_t first = panel_index * job.panel_rows, n = std::min(job.panel_rows, job.w.rows - first);
    const int64_t k = job.w.cols, lda = k + kPad, m = round_up(n, kn.tile_rows);
    float *panel = scratch, *sums = scratch + panel_floats(job.w, job.panel_rows);
    kn.unpack(job.w.type, from_row(job.rows, first), n, k, panel, lda);
    std::fill(panel + n * lda, panel + m * lda, 0.0f);
    for (int64_t tile = first_tile; tile < last_tile; ++tile) multiply_tile(job, panel, n, first, tile, sums);
}

void multiply_block(Running& run, Job job) {
    const Kernels& kn = job.kernels;
    const int64_t tiles = parts(job.x.rows, kn.lanes), k = job.w.cols;
    auto* packed = run.shared(tiles * k * kn.lanes);
    job.tiles = packed;
    run.parallel(tiles, [&](int64_t tile, int) {
        const int64_t first = tile * kn.lanes;
        const int rows = static_cast<int>(std::min<int64_t>(kn.lanes, job.x.rows - first));
        kn.to_lanes(row(job.x, first), job.x.stride, rows, k, packed + first * k);
    });
    // Few panels for many threads: split the tiles too, and let some threads unpack the same weights.
    const int64_t panels = parts(job.w.rows, job.panel_rows);
    const int64_t splits = std::clamp<int64_t>(parts(3 * run.threads(), panels), 1, tiles);
    run.parallel(panels * splits, [&](int64_t task, int thread) {
        const int64_t split = task % splits;
        multiply_panel(job, task / splits, tiles * split / splits, tiles * (split + 1) / splits,
                       run.local(thread));
    });
}

/// T == 1: bound by reading the weights, so they are used as they are read.
void multiply_vector(Running& run, const Tensor& w, const Rows& rows, const float* x, float* out, bool add) {
    const int64_t step = std::max<int64_t>(4, static_cast<int64_t>((32 << 10) / rows.row_bytes) / 4 * 4);
    run.parallel(parts(w.rows, step), [&](int64_t task, int) {
        const int64_t first = task * step;
        run.kernels().dot_rows(w.type, from_row(rows, first), std::min(step, w.rows - first), w.cols, x,
                               out + first, add);
    });
}

}  // namespace

void matmul(Backend& backend, const Tensor& w, Matrix x, Matrix out, bool add) {
    Running run(backend);
    assert(x.cols == w.cols && out.cols == w.rows && x.rows == out.rows && "matmul: shapes agree");
    const Rows rows{w.data, row_bytes(w.type, static_cast<size_t>(w.cols)), nullptr};
    if (x.rows == 1) return multiply_vector(run, w, rows, row(x, 0), row(out, 0), add);

    const Kernels& kn = run.kernels();
    const int64_t panel = panel_rows(w, kn);
    run.reserve_local(panel_floats(w, panel) + panel * kn.lanes);
    for (int64_t first = 0; first < x.rows && !run.cancelled(); first += kTokensPerBlock) {
        const int64_t count = std::min(kTokensPerBlock, x.rows - first);
        const Matrix part{row(x, first), count, x.cols, x.stride},
            result{row(out, first), count, out.cols, out.stride};
        multiply_block(run, {kn, w, rows, part, result, add, nullptr, panel});
    }
}

void project(Backend& backend, std::span<const Projection> all, Matrix x) {
    for (const Projection& one : all) matmul(backend, one.w, x, one.out, false);
}

void gated(Backend& backend, const Tensor& gate, const Tensor& up, Matrix x, Matrix out, Matrix room) {
    matmul(backend, gate, x, out, false);
    matmul(backend, up, x, room, false);
    swiglu(backend, out, room);
}

}  // namespace longleaf::cpu
