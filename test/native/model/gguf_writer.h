// Builds GGUF files in memory for tests: sound ones by default, damaged ones by overriding a field.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf.h"

namespace gguf_writer {

using Bytes = std::vector<uint8_t>;

template <class T>
void put(Bytes& out, T value) {
    const auto* p = reinterpret_cast<const uint8_t*>(&value);
    out.insert(out.end(), p, p + sizeof(T));
}

inline void put_text(Bytes& out, std::string_view text) {
    put<uint64_t>(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
}

struct TensorRecord {
    std::string name;
    std::vector<int64_t> ne;
    uint32_t type = 0;
    Bytes data;
    std::optional<uint64_t> offset{};  // else where the data goes
    std::optional<uint32_t> n_dims{};  // else ne.size()
};

class Writer {
  public:
    std::string magic = "GGUF";
    uint32_t version = 3;
    std::optional<uint64_t> tensor_count, key_count;  // else the true ones
    uint64_t alignment = 32;                          // of the layout; the key is written separately
    std::vector<TensorRecord> tensors;

    Writer& raw(std::string_view key, uint32_t type, const Bytes& value) {
        put_text(keys_, key);
        put(keys_, type);
        keys_.insert(keys_.end(), value.begin(), value.end());
        ++keys_written_;
        return *this;
    }
    Writer& u32(std::string_view key, uint32_t v) { return number(key, 4, v); }
    Writer& i32(std::string_view key, int32_t v) { return number(key, 5, v); }
    Writer& f32(std::string_view key, float v) { return number(key, 6, v); }
    Writer& boolean(std::string_view key, uint8_t v) { return number(key, 7, v); }
    Writer& u64(std::string_view key, uint64_t v) { return number(key, 10, v); }
    Writer& text(std::string_view key, std::string_view v) {
        Bytes value;
        put_text(value, v);
        return raw(key, 8, value);
    }
    Writer& strings(std::string_view key, const std::vector<std::string>& values) {
        Bytes value;
        put<uint32_t>(value, 8);
        put<uint64_t>(value, values.size());
        for (const auto& v : values) put_text(value, v);
        return raw(key, 9, value);
    }
    Writer& integers(std::string_view key, const std::vector<int32_t>& values) {
        return array(key, 5, values);
    }
    Writer& floats(std::string_view key, const std::vector<float>& values) { return array(key, 6, values); }

    Writer& tensor(std::string name, std::vector<int64_t> ne, uint32_t type, size_t bytes) {
        Bytes data(bytes);
        for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<uint8_t>(i * 7 + tensors.size());
        tensors.push_back({std::move(name), std::move(ne), type, std::move(data)});
        return *this;
    }
    Writer& f32_tensor(std::string name, std::vector<int64_t> ne) {
        size_t values = 1;
        for (const auto n : ne) values *= static_cast<size_t>(n);
        return tensor(std::move(name), std::move(ne), 0, values * 4);
    }
    TensorRecord& find(std::string_view name) {
        for (auto& t : tensors)
            if (t.name == name) return t;
        throw std::logic_error("no such tensor in the writer");
    }
    void remove(std::string_view name) {
        std::erase_if(tensors, [&](const auto& t) { return t.name == name; });
    }

    Bytes build() const {
        Bytes out(magic.begin(), magic.end());
        put(out, version);
        put<uint64_t>(out, tensor_count.value_or(tensors.size()));
        put<uint64_t>(out, key_count.value_or(keys_written_));
        out.insert(out.end(), keys_.begin(), keys_.end());
        Bytes blob;
        for (const auto& t : tensors) {
            put_text(out, t.name);
            put<uint32_t>(out, t.n_dims.value_or(static_cast<uint32_t>(t.ne.size())));
            for (const auto n : t.ne) put<int64_t>(out, n);
            put(out, t.type);
            put<uint64_t>(out, t.offset.value_or(blob.size()));
            blob.insert(blob.end(), t.data.begin(), t.data.end());
            blob.resize((blob.size() + alignment - 1) / alignment * alignment);
        }
        if (!tensors.empty()) out.resize((out.size() + alignment - 1) / alignment * alignment);
        out.insert(out.end(), blob.begin(), blob.end());
        return out;
    }

  private:
    template <class T>
    Writer& number(std::string_view key, uint32_t type, T v) {
        Bytes value;
        put(value, v);
        return raw(key, type, value);
    }
    template <class T>
    Writer& array(std::string_view key, uint32_t type, const std::vector<T>& values) {
        Bytes value;
        put(value, type);
        put<uint64_t>(value, values.size());
        for (const auto v : values) put(value, v);
        return raw(key, 9, value);
    }

    Bytes keys_;
    uint64_t keys_written_ = 0;
};

inline longleaf::Gguf open(const Bytes& bytes) {
    return longleaf::Gguf(std::make_unique<longleaf::MappedFile>("test.gguf", bytes));
}
inline longleaf::Gguf open(const Writer& writer) { return open(writer.build()); }

}  // namespace gguf_writer
