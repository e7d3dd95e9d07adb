// Metadata keys of one architecture, each checked against the range it may have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/gguf.h"

namespace longleaf {

inline constexpr auto another_file = "Look for another file of this model.";

struct Range {
    int64_t least, most;
};

/// Reads "<architecture>.<name>" keys. Per-layer arrays count as one value when all layers agree.
class Keys {
  public:
    Keys(const Gguf& gguf, std::string architecture) : gguf_(gguf), prefix_(std::move(architecture) + ".") {}

    std::optional<int64_t> find(const char* name) const {
        const auto key = prefix_ + name;
        const auto found = gguf_.metadata().find(key);
        if (found == gguf_.metadata().end()) return {};
        if (std::holds_alternative<std::shared_ptr<GgufArray>>(found->second)) return from_array(key);
        return gguf_.integer(key);
    }

    int checked(const char* name, std::optional<int64_t> value, Range range) const {
        const auto key = "key " + quoted(prefix_ + name);
        if (!value) gguf_.fail(ErrorCode::bad_model, key + " is missing", another_file);
        if (*value < range.least || *value > range.most)
            gguf_.fail(ErrorCode::bad_model,
                       key + " must be from " + std::to_string(range.least) + " to " +
                           std::to_string(range.most) + ", found " + std::to_string(*value),
                       another_file);
        return static_cast<int>(*value);
    }

    int get(const char* name, Range range) const { return checked(name, find(name), range); }

    float real(const char* name, float otherwise, double above, double most) const {
        const auto key = prefix_ + name;
        const auto value = gguf_.real(key);
        if (!value) return otherwise;
        if (!(*value > above && *value <= most))
            gguf_.fail(ErrorCode::bad_model,
                       "key " + quoted(key) + " is out of range: " + std::to_string(*value), another_file);
        return static_cast<float>(*value);
    }

    std::optional<std::string> text(const char* name) const { return gguf_.text(prefix_ + name); }

    /// One answer per layer: an array of booleans, or a period of which the last layer is false (0: none is).
    std::vector<bool> pattern(const char* name, int64_t period) const {
        const auto key = prefix_ + name;
        const auto found = gguf_.metadata().find(key);
        std::vector<bool> each(static_cast<size_t>(layers_));
        if (found != gguf_.metadata().end() &&
            std::holds_alternative<std::shared_ptr<GgufArray>>(found->second)) {
            const auto& values = gguf_.array(key)->integers;
            if (values.size() != each.size()) fail_count(key, values.size());
            for (size_t l = 0; l < each.size(); ++l) each[l] = values[l] != 0;
            return each;
        }
        period = checked(name, gguf_.integer(key).value_or(period), {0, 1024});
        for (size_t l = 0; l < each.size(); ++l)
            each[l] = period == 0 || static_cast<int64_t>(l) % period < period - 1;
        return each;
    }

    void set_layers(int layers) { layers_ = layers; }

  private:
    [[noreturn]] void fail_count(const std::string& key, size_t found) const {
        gguf_.fail(ErrorCode::bad_model, "key " + quoted(key) + " must have one integer for each of " +
                                             std::to_string(layers_) + " layers, found " +
                                             std::to_string(found));
    }

    int64_t from_array(const std::string& key) const {
        const auto& values = gguf_.array(key)->integers;
        if (values.size() != static_cast<size_t>(layers_)) fail_count(key, values.size());
        for (const auto value : values)
            if (value != values[0])
                gguf_.fail(ErrorCode::unsupported_model,
                           "key " + quoted(key) + " differs from layer to layer, which is not supported");
        return values[0];
    }

    const Gguf& gguf_;
    std::string prefix_;
    int layers_ = 0;
};

}  // namespace longleaf
