#include "ops/quant.h"

#include <cstdio>

namespace longleaf {
namespace {

// Indexed by GGUF type id; a null name marks ids that were never given out or were removed.
constexpr DTypeTraits types[] = {
    {"F32", 1, 4},      {"F16", 1, 2},      {"Q4_0", 32, 18},   {"Q4_1", 32, 20},      // 0
    {nullptr, 0, 0},    {nullptr, 0, 0},    {"Q5_0", 32, 22},   {"Q5_1", 32, 24},      // 4
    {"Q8_0", 32, 34},   {"Q8_1", 32, 36},   {"Q2_K", 256, 84},  {"Q3_K", 256, 110},    // 8
    {"Q4_K", 256, 144}, {"Q5_K", 256, 176}, {"Q6_K", 256, 210}, {"Q8_K", 256, 292},    // 12
    {"IQ2_XXS", 0, 0},  {"IQ2_XS", 0, 0},   {"IQ3_XXS", 0, 0},  {"IQ1_S", 0, 0},       // 16
    {"IQ4_NL", 32, 18}, {"IQ3_S", 0, 0},    {"IQ2_S", 0, 0},    {"IQ4_XS", 256, 136},  // 20
    {"I8", 1, 1},       {"I16", 1, 2},      {"I32", 1, 4},      {"I64", 1, 8},         // 24
    {"F64", 1, 8},      {"IQ1_M", 0, 0},    {"BF16", 1, 2},     {nullptr, 0, 0},       // 28
    {nullptr, 0, 0},    {nullptr, 0, 0},    {"TQ1_0", 0, 0},    {"TQ2_0", 0, 0},       // 32
    {nullptr, 0, 0},    {nullptr, 0, 0},    {nullptr, 0, 0},    {"MXFP4", 32, 17},     // 36
    {"NVFP4", 64, 36},  {"Q1_0", 0, 0},     {"Q2_0", 0, 0},                            // 40
};

}  // namespace

const DTypeTraits* gguf_type(uint32_t id) {
    if (id >= sizeof(types) / sizeof(types[0]) || !types[id].name) return nullptr;
    return &types[id];
}

const DTypeTraits* dtype_traits(uint32_t id) {
    switch (static_cast<DType>(id)) {
        case DType::f32:
        case DType::f16:
        case DType::q4_0:
        case DType::q4_1:
        case DType::q5_0:
        case DType::q5_1:
        case DType::q8_0:
        case DType::q2_k:
        case DType::q3_k:
        case DType::q4_k:
        case DType::q5_k:
        case DType::q6_k:
        case DType::iq4_nl:
        case DType::iq4_xs:
        case DType::bf16:
        case DType::mxfp4:
            return &types[id];
    }
    return nullptr;
}

const char* dtype_names() {
    return "F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q5_0, Q5_1, Q4_K, Q4_0, Q4_1, IQ4_NL, IQ4_XS, MXFP4, Q3_K and "
           "Q2_K";
}

const char* gguf_type_name(uint32_t id) {
    if (const auto* known = gguf_type(id)) return known->name;
    thread_local char unknown[24];
    std::snprintf(unknown, sizeof unknown, "type %u", static_cast<unsigned>(id));
    return unknown;
}

}  // namespace longleaf
