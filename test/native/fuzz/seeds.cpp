// Writes what fuzz_gguf begins with, a file's table each: fuzz_seeds FOLDER
#include <filesystem>
#include <fstream>

#include "fuzz/seed_models.h"

int main(int, char** arguments) {
    const std::filesystem::path folder = arguments[1];
    std::filesystem::create_directories(folder);
    for (const char* family : fuzz::families)
        for (const bool pieces : {false, true}) {
            const auto bytes = fuzz::model(family, pieces).build();
            std::ofstream file(folder / (family + std::string(pieces ? "-pieces" : "-bpe")),
                               std::ios::binary);
            const auto table = gguf_writer::open(bytes).table_bytes();
            file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(table));
        }
}
