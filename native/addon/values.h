// Between JavaScript values and those of engine.h. Readers throw a TypeError that is a full sentence.
#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "engine.h"

namespace longleaf::addon {

LoadOptions read_load_options(Napi::Value);
std::vector<Segment> read_segments(Napi::Value);
std::vector<int32_t> read_tokens(Napi::Value);  // an Int32Array, copied
Sparsity read_sparsity(Napi::Value);            // null: dense
GenerateOptions read_generate_options(Napi::Value);
std::string read_string(Napi::Value, const std::string& what);
Napi::Function read_function(Napi::Value, const std::string& what);
int read_length(Napi::Value, const std::string& what);
double read_number(Napi::Value, const std::string& what);
std::vector<double> read_numbers(Napi::Value, const std::string& what);

Napi::Object to_js(Napi::Env, const ModelInfo&);
Napi::Object to_js(Napi::Env, const MemoryPlan&);
Napi::Object to_js(Napi::Env, const ReadingProgress&);
Napi::Object to_js(Napi::Env, const ReadResult&);
Napi::Object to_js(Napi::Env, const DriftResult&);
Napi::Object to_js(Napi::Env, const GenerateResult&);
Napi::Object to_js(Napi::Env, const SaveResult&);
Napi::Object to_js(Napi::Env, const RestoreResult&);
Napi::Int32Array to_js(Napi::Env, const std::vector<int32_t>&);
Napi::Float32Array to_js(Napi::Env, const std::vector<float>&);

}  // namespace longleaf::addon
