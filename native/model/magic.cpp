// Says what a file is when it is not a GGUF file: people rename archives, save web pages and clone without
// Git LFS.
#include <array>
#include <cstdio>
#include <cstring>

#include "model/gguf_parse.h"

namespace longleaf {
namespace {

constexpr auto another_hint = "Choose a model file that ends in .gguf.";

struct Kind {
    std::string_view start;
    const char* says;
    const char* hint;
};

constexpr std::array kinds = {
    Kind{"version https://git-lfs", "a Git LFS pointer: the model itself was not downloaded",
         "Run \"git lfs pull\" where the file came from, or download the file itself."},
    Kind{"PK", "a ZIP archive", "If the archive holds a .gguf file, extract it first."},
    Kind{"%PDF", "a PDF document", another_hint},
    Kind{"<!", "a web page", "Use the download link rather than saving the page."},
    Kind{"<html", "a web page", "Use the download link rather than saving the page."},
    Kind{"<HTML", "a web page", "Use the download link rather than saving the page."},
    Kind{"\x1f\x8b", "a gzip archive", "Extract the file first."},
    Kind{"7z\xbc\xaf", "a 7-Zip archive", "Extract the file first."},
    Kind{"lmgg", "an old GGML model", "Look for the same model as GGUF."},
    Kind{"fmgg", "an old GGML model", "Look for the same model as GGUF."},
    Kind{"tjgg", "an old GGML model", "Look for the same model as GGUF."},
};

[[noreturn]] void refuse(const MappedFile& file, ErrorCode code, const std::string& what, const char* hint) {
    throw EngineError(code, file.name() + ": " + what, hint);
}

std::string in_hex(std::string_view bytes) {
    std::string hex;
    for (unsigned char c : bytes) {
        char digits[4];
        std::snprintf(digits, sizeof digits, "%02x ", c);
        hex += digits;
    }
    if (!hex.empty()) hex.pop_back();
    return hex;
}

std::string shown(std::string_view bytes) {
    for (unsigned char c : bytes)
        if (c < 0x20 || c >= 0x7f) return in_hex(bytes);
    return quoted(bytes);
}

bool looks_like_safetensors(std::string_view text) {
    return text.size() > 9 && text[8] == '{' && text[9] == '"' && text[6] == 0 && text[7] == 0;
}

}  // namespace

void check_magic(const MappedFile& file) {
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    if (text.substr(0, 4) != "GGUF") {
        const std::string start = "this is not a GGUF file (it starts with ";
        for (const auto& kind : kinds)
            if (text.starts_with(kind.start))
                refuse(file, ErrorCode::bad_model, start + shown(kind.start) + ", like " + kind.says + ")",
                       kind.hint);
        if (looks_like_safetensors(text))
            refuse(file, ErrorCode::bad_model, start + "a header like that of a safetensors file)",
                   "Look for the same model as GGUF.");
        refuse(file, ErrorCode::bad_model, start + in_hex(text.substr(0, 4)) + " instead of 47 47 55 46)",
               another_hint);
    }
    if (text.size() < 24)
        refuse(
            file, ErrorCode::bad_model,
            "the file ends inside its header (24 bytes expected, " + std::to_string(text.size()) + " found)",
            "The file is incomplete. Download the file again.");
    uint32_t version;
    std::memcpy(&version, text.data() + 4, 4);
    if (version == 2 || version == 3) return;
    if (version != 0 && (version & 0xffff) == 0)
        refuse(file, ErrorCode::unsupported_model,
               "the file was written for big-endian machines; only little-endian files can be read",
               "Look for a little-endian version of this model.");
    const auto found = "GGUF version " + std::to_string(version) + "; versions 2 and 3 can be read";
    if (version <= 1)
        refuse(file, ErrorCode::unsupported_model, found, "Look for a newer file of this model.");
    refuse(file, ErrorCode::unsupported_model, found, "A newer Longleaf may be able to read this file.");
}

std::string quoted(std::string_view text) {
    constexpr size_t most = 60;
    std::string shown = "\"";
    for (unsigned char c : text.substr(0, most)) shown += c < 0x20 || c >= 0x7f ? '?' : static_cast<char>(c);
    return shown + (text.size() > most ? "…\"" : "\"");
}

}  // namespace longleaf
