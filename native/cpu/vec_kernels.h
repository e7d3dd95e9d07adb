// The kernel table of one vector type.
#pragma once

#include "cpu/kernels.h"
#include "cpu/vec_rows.h"
#include "cpu/vec_softmax.h"
#include "cpu/vec_tile.h"

namespace longleaf::cpu {

template <class V>
constexpr Kernels vector_kernels(const char* name) {
    using T = Tile<V>;
    using R = RowKernels<V>;
    using S = Softmax<V>;
    static_assert(T::L <= kMaxLanes);
    return {name,
            V::width,
            T::L,
            T::M,
            R::unpack,
            R::pack,
            T::to_lanes,
            T::from_lanes,
            T::product,
            T::product_t,
            S::softmax,
            S::softmax_sum,
            S::softmax_mass,
            R::dot_rows,
            R::query_keys,
            R::weigh_values,
            S::softmax_row,
            S::rmsnorm,
            S::swiglu,
            S::geglu,
            S::soften};
}

}  // namespace longleaf::cpu
