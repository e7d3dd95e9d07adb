// A bounds-checked position in a mapped file. Every read names what it reads, so a short file can say where
// it ended.
#pragma once

#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "engine.h"
#include "model/mapped_file.h"

namespace longleaf {

static_assert(std::endian::native == std::endian::little, "GGUF is read in place as little-endian");

class Cursor {
  public:
    explicit Cursor(const MappedFile& file) : file_(file) {}
    uint64_t position() const { return at_; }
    uint64_t remaining() const { return file_.size() - at_; }

    template <class T>
    T number(const std::string& what) {
        need(sizeof(T), what);
        T value;
        std::memcpy(&value, file_.data() + at_, sizeof(T));
        at_ += sizeof(T);
        return value;
    }

    /// u64 length and bytes; a view into the mapping.
    std::string_view string(uint64_t most_bytes, const std::string& what) {
        const auto length = number<uint64_t>("the length of " + what);
        if (length > most_bytes)
            fail(what + " is " + std::to_string(length) + " bytes long; at most " +
                 std::to_string(most_bytes) + " are allowed");
        need(length, what);
        const std::string_view text(reinterpret_cast<const char*>(file_.data()) + at_, length);
        at_ += length;
        return text;
    }

    /// Refuses a count whose records, of at least `least_bytes` each, cannot fit what is left of the file.
    void need_records(uint64_t count, uint64_t least_bytes, const std::string& what) const {
        if (count > remaining() / least_bytes)
            fail("the file is too short for " + what + " (" + std::to_string(count) + " declared, " +
                 std::to_string(remaining()) + " bytes left)");
    }

    [[noreturn]] void fail(const std::string& what, const char* hint = damaged_hint) const {
        throw EngineError(ErrorCode::bad_model, file_.name() + ": " + what, hint);
    }

    static constexpr auto damaged_hint = "The file is damaged or incomplete. Download the file again.";

  private:
    void need(uint64_t bytes, const std::string& what) const {
        if (bytes > remaining())
            fail("the file ends inside " + what + " (" + std::to_string(bytes) + " bytes expected, " +
                 std::to_string(remaining()) + " left)");
    }

    const MappedFile& file_;
    uint64_t at_ = 0;
};

}  // namespace longleaf
