// Thousands of damaged texts through both patterns: bytes come back, streams stay valid UTF-8.
#include "check.h"
#include "fuzz/mutate.h"
#include "fuzz/targets.h"

TEST("damaged texts") {
    const std::vector<std::string> seeds = {
        "hello world's 12345\r\n\r\n  <|end|> @@ \t x", "中文 🙂 é\u00a0\u2003 naïve",
        "\xff\xfe\x80 \xf0\x9f\x99 '\xc5\xbf 'LL'", std::string(300, 'a') + std::string(300, ' ')};
    std::mt19937_64 random(12);
    for (int i = 0; i < 20'000; ++i) {
        const auto& seed = seeds[random() % seeds.size()];
        auto bytes = fuzz::mutated(fuzz::Bytes(seed.begin(), seed.end()), random);
        bytes.insert(bytes.begin(), static_cast<uint8_t>(random()));
        fuzz::tokenizer(bytes);
    }
}
