// Thousands of damaged copies of sound models of several families: each is refused or read, never a crash.
#include "check.h"
#include "fuzz/mutate.h"
#include "fuzz/seed_models.h"
#include "fuzz/targets.h"

namespace {

void damage(const fuzz::Bytes& whole, int times, unsigned seed) {
    fuzz::gguf(whole);
    // Damage where it matters: the blob is most of the file and says nothing.
    const auto table = gguf_writer::open(whole).table_bytes();
    std::mt19937_64 random(seed);
    for (int i = 0; i < times; ++i) {
        fuzz::Bytes head(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(table));
        auto bytes = fuzz::mutated(std::move(head), random);
        bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(table), whole.end());
        fuzz::gguf(bytes);
    }
}

}  // namespace

TEST("damaged models") {
    unsigned seed = 11;
    for (const char* family : fuzz::families)
        for (const bool pieces : {false, true}) damage(fuzz::model(family, pieces).build(), 2500, seed++);
}
