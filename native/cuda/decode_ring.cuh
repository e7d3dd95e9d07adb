// How tiles of a cache come to one warp of decode attention: copied ahead through a ring of its own in shared
// memory, so laid out that neither copying nor reading meets in a bank (native/README.md has what that is
// worth).
#pragma once

#include "cuda/device.cuh"

namespace longleaf::cuda {

constexpr int kMostWarps = 16, kTile = 16, kStages = 2;

/// Which values of D a lane holds, in eights: of keys the lanes of four share them, of V the eights of lanes.
/// Of f16 lanes after one another have pieces after one another; of q8_0 each has its own stretch, of one
/// block where that is long enough, so that it reads few words and few steps.
template <KvType type, int D>
struct Share {
    static __device__ int lane() { return static_cast<int>(threadIdx.x) % 32; }
    static __device__ int key(int eight) {
        return type == KvType::f16 ? eight * 32 + lane() % 4 * 8 : lane() % 4 * (D / 4) + eight * 8;
    }
    static __device__ int value(int eight) {
        return type == KvType::f16 ? eight * 64 + lane() / 4 * 8 : lane() / 4 * (D / 8) + eight * 8;
    }
    /// The key of a tile that column n of the scores' half j is of: what eight lanes read lies well apart.
    static __device__ int row(int j, int n) { return j * 8 + n % 2 * 4 + n / 2; }
};

/// Where piece p (16 bytes) of a tile's row r lies in its row: at p ^ turn(r), so that eight lanes that copy
/// one row's pieces, or read pieces of different rows, meet in no bank. turn(a ^ b) = turn(a) ^ turn(b).
__device__ constexpr int key_turn(int row) { return row % 8; }
__device__ constexpr int value_turn(int row) { return row % 4 * 2; }

/// `count` values of a row of q8_0 from `first` on, all of one block, as f16; zeros beyond d. Up to 4 bytes
/// behind the values are read.
template <int count>
__device__ void widen(const char* row, int first, int d, uint4 (&to)[count / 8]) {
    if (first >= d) {
#pragma unroll
        for (uint4& eight : to) eight = {0, 0, 0, 0};
        return;
    }
    const char *block = row + first / 32 * 34, *values = block + 2 + first % 32;
    const unsigned off = static_cast<unsigned>(reinterpret_cast<uintptr_t>(values)) & 2;  // into a word
    const auto* from = reinterpret_cast<const uint32_t*>(values - off);
    const __half2 step = __half2half2(*reinterpret_cast<const __half*>(block));
    uint32_t word[count / 4 + 1];
#pragma unroll
    for (int i = 0; i <= count / 4; ++i) word[i] = from[i];
#pragma unroll
    for (int i = 0; i < count / 4; ++i)
        four_of_q8_0(__funnelshift_r(word[i], word[i + 1], off * 8), step, &to[i / 2].x + i % 2 * 2);
}

/// Tiles of keys and values on their way to one warp.
template <KvType type, int D>
struct Ring {
    using S = Share<type, D>;
    static constexpr bool turned = type == KvType::f16;  // else whole rows as they are, from 16 bytes on
    static constexpr int wide = D * 2;                   // bytes of a turned row
    static constexpr int half_bytes = turned ? kTile * wide : kTile * (D / 32 * 34) + 16;
    static constexpr int stage_bytes = 2 * half_bytes, bytes = kStages * stage_bytes;  // of a warp
    // Small tiles want more warps to have as much under way; sixteen leave each lane 128 registers, too few
    // for large ones.
    static constexpr int most_warps = stage_bytes < 5000 ? kMostWarps : kMostWarps / 2;

    char* memory;  // of this warp
    const char *k, *v;
    int row_bytes, d, end;
    int shift_k = 0, shift_v = 0;  // what the stage taken lies behind its start
    int asked = 0, taken = 0;      // stages

    __device__ int lane() const { return static_cast<int>(threadIdx.x) % 32; }

    /// Of f16: asks for the tile from `first` on, lanes after one another for pieces after one another. With
    /// `whole` the tile ends before `end`; else rows from there on become zeros.
    template <bool whole>
    __device__ void copy_pieces(char* key, char* value, int first) const {
        constexpr int at_once = 512 / wide;  // rows that an instruction copies
        const int left = end - first, row = lane() / (wide / 16), piece = lane() % (wide / 16);
        const int64_t from = static_cast<int64_t>(first + row) * row_bytes + piece * 16;
        const uint32_t to_k = shared_address(key + row * wide) + (piece ^ key_turn(row)) * 16;
        const uint32_t to_v = shared_address(value + row * wide) + (piece ^ value_turn(row)) * 16;
#pragma unroll
        for (int i = 0; i < kTile; i += at_once)
            copy_async((to_k ^ key_turn(i) * 16) + i * wide, k + from + i * row_bytes,
                       piece * 8 < d && (whole || i + row < left));
#pragma unroll
        for (int i = 0; i < kTile; i += at_once)
            copy_async((to_v ^ value_turn(i) * 16) + i * wide, v + from + i * row_bytes,
                       piece * 8 < d && (whole || i + row < left));
    }
    /// Of q8_0: rows from `first` on, from the 16 bytes that their first byte is in.
    __device__ void copy_rows(char* to, const char* rows, int first) const {
        const char *from = rows + static_cast<int64_t>(first) * row_bytes,
                   *last = rows + static_cast<int64_t>(end) * row_bytes;
        from -= reinterpret_cast<uintptr_t>(from) % 16;
        for (int at = lane() * 16; at < half_bytes; at += 512) {
            const int64_t there = min(max(last - from - at, int64_t{0}), int64_t{16});
            copy_async_some(shared_address(to + at), there > 0 ? from + at : from, static_cast<int>(there));
        }
    }
    /// Asks for the keys from `first` on, if there are any; rows from `end` on are zeros.
    __device__ void ask(int first) {
        char *key = memory + asked * stage_bytes, *value = key + half_bytes;
        if (first < end) {
            if constexpr (turned) {
                first + kTile <= end ? copy_pieces<true>(key, value, first)
                                     : copy_pieces<false>(key, value, first);
            } else {
                copy_rows(key, k, first), copy_rows(value, v, first);
            }
        }
        copies_commit();
        asked = asked + 1 == kStages ? 0 : asked + 1;
    }
    /// Brings the tile from `first` on closer, without reading it.
    __device__ void expect(int first) const {
        if (first + lane() % kTile >= end) return;
        const char* row = (lane() < kTile ? k : v) + static_cast<int64_t>(first + lane() % kTile) * row_bytes;
        for (int at = 0; at < row_bytes; at += 128) prefetch(row + at);
    }
    /// Waits for the oldest tile, whose first key is `first`.
    __device__ void take(int first) {
        copies_wait<kStages - 2>();
        __syncwarp();  // what other lanes copied is there, and they have read the stage dropped last
        if constexpr (!turned) {
            const int64_t before = static_cast<int64_t>(first) * row_bytes;
            shift_k = static_cast<int>(reinterpret_cast<uintptr_t>(k + before) % 16);
            shift_v = static_cast<int>(reinterpret_cast<uintptr_t>(v + before) % 16);
        }
    }
    __device__ void drop() { taken = taken + 1 == kStages ? 0 : taken + 1; }
    /// This lane's eights of key row(j, l / 4).
    __device__ void keys(int j, uint4 (&eights)[D / 32]) const {
        const int row = S::row(j, lane() / 4);
        const char* from = memory + taken * stage_bytes;
        if constexpr (turned) {
#pragma unroll
            for (int c = 0; c < D / 32; ++c)
                eights[c] =
                    *reinterpret_cast<const uint4*>(from + row * wide + (S::key(c) / 8 ^ key_turn(row)) * 16);
        } else {
            widen_all(from + shift_k + row * row_bytes, S::key(0), eights);
        }
    }
    /// This lane's eights of the values of key row(i / 2, l % 4 * 2 + i % 2).
    __device__ void values(int i, uint4 (&eights)[D / 64]) const {
        const int row = S::row(i / 2, lane() % 4 * 2 + i % 2);
        const char* from = memory + taken * stage_bytes + half_bytes;
        if constexpr (turned) {
#pragma unroll
            for (int c = 0; c < D / 64; ++c)
                eights[c] = *reinterpret_cast<const uint4*>(from + row * wide +
                                                            (S::value(c) / 8 ^ value_turn(row)) * 16);
        } else {
            widen_all(from + shift_v + row * row_bytes, S::value(0), eights);
        }
    }
    /// As many as `eights` from `first` on, block by block.
    template <int count>
    __device__ void widen_all(const char* row, int first, uint4 (&eights)[count]) const {
        constexpr int at_once = count < 4 ? count : 4;
#pragma unroll
        for (int i = 0; i < count; i += at_once)
            widen<at_once * 8>(row, first + i * 8, d, reinterpret_cast<uint4(&)[at_once]>(eights[i]));
    }
};

}  // namespace longleaf::cuda
