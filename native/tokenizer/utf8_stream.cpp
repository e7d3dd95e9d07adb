#include "tokenizer/tokenizer.h"
#include "tokenizer/unicode.h"

namespace longleaf {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

}  // namespace

std::string Utf8Stream::push(std::string_view bytes) {
    held_ += bytes;
    std::string ready;
    std::string_view rest = held_;
    while (!rest.empty()) {
        const auto c = decode_utf8(rest);
        if (c.state == Utf8::incomplete) break;
        ready += c.state == Utf8::whole ? rest.substr(0, c.bytes) : replacement;
        rest.remove_prefix(c.bytes);
    }
    held_.erase(0, held_.size() - rest.size());
    return ready;
}

std::string Utf8Stream::finish() {
    const bool cut = !held_.empty();
    held_.clear();
    return cut ? std::string(replacement) : std::string();
}

}  // namespace longleaf
