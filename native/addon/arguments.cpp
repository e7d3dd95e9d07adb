#include <cmath>
#include <limits>

#include "addon/error.h"
#include "addon/values.h"

namespace longleaf::addon {

namespace {

constexpr double int_limit = std::numeric_limits<int>::max();
constexpr double safe_integer = 9007199254740991.0;

std::string number_text(double value) {
    return value == std::floor(value) && std::abs(value) <= safe_integer
               ? std::to_string(static_cast<long long>(value))
               : std::to_string(value);
}

double checked_number(Napi::Value value, const std::string& what, double low, double high, bool whole) {
    if (!value.IsNumber()) throw bad_argument(value.Env(), what + " must be a number.");
    const double number = value.As<Napi::Number>().DoubleValue();
    const bool fits = number >= low && number <= high && (!whole || number == std::floor(number));
    if (!fits)
        throw bad_argument(value.Env(), what + " is " + number_text(number) + "; it must be " +
                                            (whole ? "a whole number" : "a number") + " from " +
                                            number_text(low) + " to " + number_text(high) + ".");
    return number;
}

/// The members of an options object; absent ones and undefined leave the default.
class Members {
  public:
    Members(Napi::Value value, std::string of) : of_(std::move(of)) {
        if (!value.IsObject() || value.IsArray() || value.IsFunction())
            throw bad_argument(value.Env(), "The " + of_ + " must be an object.");
        object_ = value.As<Napi::Object>();
    }

    std::optional<Napi::Value> find(const char* name) const {
        const Napi::Value value = object_.Get(name);
        if (value.IsUndefined()) return std::nullopt;
        return value;
    }
    Napi::Value get(const char* name) const {
        const auto value = find(name);
        if (!value) throw bad_argument(object_.Env(), "The " + of_ + " must have '" + name + "'.");
        return *value;
    }
    std::string what(const char* name) const { return "'" + std::string(name) + "' of the " + of_; }

    void whole(const char* name, int& into, double low = 0, double high = int_limit) const {
        if (const auto v = find(name))
            into = static_cast<int>(checked_number(*v, what(name), low, high, true));
    }
    void real(const char* name, float& into, double low, double high) const {
        if (const auto v = find(name))
            into = static_cast<float>(checked_number(*v, what(name), low, high, false));
    }
    void bytes(const char* name, uint64_t& into) const {
        if (const auto v = find(name))
            into = static_cast<uint64_t>(checked_number(*v, what(name), 0, safe_integer, true));
    }
    void flag(const char* name, bool& into) const {
        const auto v = find(name);
        if (!v) return;
        if (!v->IsBoolean()) throw bad_argument(env(), what(name) + " must be true or false.");
        into = v->As<Napi::Boolean>();
    }
    Napi::Env env() const { return object_.Env(); }

  private:
    Napi::Object object_;
    std::string of_;
};

template <class Value>
struct Choice {
    const char* name;
    Value value;
};

template <class Value, size_t N>
void choose(const Members& members, const char* name, const Choice<Value> (&choices)[N], Value& into) {
    const auto value = members.find(name);
    if (!value) return;
    const std::string text = read_string(*value, members.what(name));
    std::string names;
    for (size_t i = 0; i < N; ++i) {
        if (text == choices[i].name) {
            into = choices[i].value;
            return;
        }
        names += std::string(i == 0 ? "" : i + 1 == N ? " or " : ", ") + "'" + choices[i].name + "'";
    }
    throw bad_argument(members.env(), members.what(name) + " is '" + text + "'; it can be " + names + ".");
}

Sampling read_sampling(Napi::Value value) {
    const Members m(value, "sampling options");
    Sampling s;
    m.real("temperature", s.temperature, 0, 100);
    m.whole("topK", s.top_k);
    m.real("topP", s.top_p, 0, 1);
    m.real("minP", s.min_p, 0, 1);
    m.real("repetitionPenalty", s.repetition_penalty, 0.01, 100);
    m.whole("repetitionWindow", s.repetition_window);
    if (const auto seed = m.find("seed"))
        s.seed = static_cast<uint64_t>(checked_number(*seed, m.what("seed"), 0, safe_integer, true));
    return s;
}

}  // namespace

std::string read_string(Napi::Value value, const std::string& what) {
    if (!value.IsString()) throw bad_argument(value.Env(), what + " must be a string.");
    return value.As<Napi::String>().Utf8Value();
}

Napi::Function read_function(Napi::Value value, const std::string& what) {
    if (!value.IsFunction()) throw bad_argument(value.Env(), what + " must be a function.");
    return value.As<Napi::Function>();
}

int read_length(Napi::Value value, const std::string& what) {
    return static_cast<int>(checked_number(value, what, 0, int_limit, true));
}

double read_number(Napi::Value value, const std::string& what) {
    return checked_number(value, what, -safe_integer, safe_integer, false);
}

std::vector<double> read_numbers(Napi::Value value, const std::string& what) {
    if (!value.IsArray()) throw bad_argument(value.Env(), what + " must be an array.");
    const Napi::Array array = value.As<Napi::Array>();
    std::vector<double> numbers;
    for (uint32_t i = 0; i < array.Length(); ++i)
        numbers.push_back(read_number(array.Get(i), "Entry " + std::to_string(i) + " of " + what));
    return numbers;
}

LoadOptions read_load_options(Napi::Value value) {
    const Members m(value, "load options");
    LoadOptions options;
    options.path = read_string(m.get("path"), m.what("path"));
    m.whole("threads", options.threads);
    m.whole("contextTokens", options.context_tokens);
    choose(m, "kvType", {Choice<KvType>{"f32", KvType::f32}, {"f16", KvType::f16}, {"q8_0", KvType::q8_0}},
           options.kv_type);
    choose(m, "simd",
           {Choice<Simd>{"auto", Simd::automatic},
            {"scalar", Simd::scalar},
            {"avx2", Simd::avx2},
            {"avx512", Simd::avx512}},
           options.simd);
    choose(m, "device",
           {Choice<Device>{"auto", Device::automatic}, {"cpu", Device::cpu}, {"cuda", Device::cuda}},
           options.device);
    m.bytes("vramLimitBytes", options.vram_limit_bytes);
    m.flag("allowQ8Kv", options.allow_q8_kv);
    return options;
}

std::vector<Segment> read_segments(Napi::Value value) {
    if (!value.IsArray()) throw bad_argument(value.Env(), "The segments must be an array.");
    const Napi::Array array = value.As<Napi::Array>();
    std::vector<Segment> segments(array.Length());
    for (uint32_t i = 0; i < array.Length(); ++i) {
        const Napi::HandleScope scope(value.Env());
        const Members m(array.Get(i), "segment " + std::to_string(i));
        segments[i].text = read_string(m.get("text"), m.what("text"));
        const Napi::Value special = m.get("special");
        if (!special.IsBoolean())
            throw bad_argument(value.Env(), m.what("special") + " must be true or false.");
        segments[i].special = special.As<Napi::Boolean>();
    }
    return segments;
}

std::vector<int32_t> read_tokens(Napi::Value value) {
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
        throw bad_argument(value.Env(), "The tokens must be an Int32Array.");
    const auto array = value.As<Napi::Int32Array>();
    return {array.Data(), array.Data() + array.ElementLength()};
}

static void read_layers(const Members& m, std::vector<int>& into) {
    const Napi::Value layers = m.get("layers");
    if (!layers.IsArray()) throw bad_argument(layers.Env(), m.what("layers") + " must be an array.");
    const Napi::Array array = layers.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i)
        into.push_back(read_length(array.Get(i), "Entry " + std::to_string(i) + " of " + m.what("layers")));
}

static BlockSparsity read_blocks(Napi::Value value) {
    const Members m(value, "blocks");
    BlockSparsity b;
    const std::string pattern = read_string(m.get("pattern"), m.what("pattern"));
    if (pattern != "flex" && pattern != "stripes")
        throw bad_argument(value.Env(), m.what("pattern") + " must be flex or stripes.");
    b.pattern = pattern == "flex" ? BlockPattern::flex : BlockPattern::stripes;
    m.real("gamma", b.gamma, 0, 1);
    m.real("similarity", b.similarity, 0, 1);
    m.whole("minTokens", b.min_tokens);
    m.whole("sinks", b.sinks);
    m.whole("local", b.local);
    read_layers(m, b.layers);
    return b;
}

Sparsity read_sparsity(Napi::Value value) {
    if (value.IsNull()) return {};
    const Members m(value, "sparsity");
    Sparsity s;
    m.get("tau");
    m.real("tau", s.tau, 0, 1);
    m.whole("window", s.window, 1);
    m.whole("minTokens", s.min_tokens);
    m.whole("pool", s.pool, 1);
    m.real("keep", s.keep, 0, 1);
    m.whole("sinks", s.sinks);
    m.flag("perGroup", s.per_group);
    m.flag("keysOnly", s.keys_only);
    read_layers(m, s.layers);
    if (const auto blocks = m.find("blocks")) s.blocks = read_blocks(*blocks);
    return s;
}

static std::vector<WatchedHead> read_heads(Napi::Value value, const std::string& what) {
    if (!value.IsArray()) throw bad_argument(value.Env(), what + " must be an array.");
    const Napi::Array array = value.As<Napi::Array>();
    std::vector<WatchedHead> heads;
    for (uint32_t i = 0; i < array.Length(); ++i) {
        const Napi::HandleScope scope(value.Env());
        const std::string entry = "Entry " + std::to_string(i) + " of " + what;
        const Napi::Value pair = array.Get(i);
        if (!pair.IsArray() || pair.As<Napi::Array>().Length() != 2)
            throw bad_argument(value.Env(), entry + " must be [layer, head].");
        const Napi::Array both = pair.As<Napi::Array>();
        heads.push_back({read_length(both.Get(0u), entry), read_length(both.Get(1u), entry)});
    }
    return heads;
}

GenerateOptions read_generate_options(Napi::Value value) {
    const Members m(value, "generate options");
    GenerateOptions options;
    m.whole("maxTokens", options.max_tokens, 1);
    if (const auto sampling = m.find("sampling")) options.sampling = read_sampling(*sampling);
    if (const auto stop = m.find("stop")) {
        if (!stop->IsArray()) throw bad_argument(value.Env(), m.what("stop") + " must be an array.");
        const Napi::Array array = stop->As<Napi::Array>();
        for (uint32_t i = 0; i < array.Length(); ++i)
            options.stop.push_back(
                read_string(array.Get(i), "Entry " + std::to_string(i) + " of " + m.what("stop")));
    }
    m.whole("watchPositions", options.watch_positions);
    if (const auto watch = m.find("watch")) options.watch = read_heads(*watch, m.what("watch"));
    return options;
}

}  // namespace longleaf::addon
