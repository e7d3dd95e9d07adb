// Readings on disk: what comes back is what was read, bit for bit, and a file that is not what it was is
// never used.
#include <filesystem>
#include <fstream>
#include <random>

#include "check.h"
#include "engine/checksum.h"
#include "engine/reading_file.h"
#include "engine/small_session.h"

using namespace longleaf;
using namespace small;
namespace fs = std::filesystem;

/// A folder that is gone with its owner.
struct Folder {
    Folder()
        : path(fs::temp_directory_path() / ("longleaf-readings-" + std::to_string(std::random_device{}()))) {
        fs::create_directory(path);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    std::string file(const char* name) const { return (path / name).string(); }
    size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(path), {})); }
    fs::path path;
};

static std::vector<char> bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

static void write(const std::string& path, const std::vector<char>& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

static void save(const std::shared_ptr<Engine>& engine, const std::string& path,
                 std::span<const int32_t> tokens, const Sparsity& s = {}) {
    const auto session = engine->open_session();
    session->read(tokens, s, {});
    CHECK(session->save(path, static_cast<int>(tokens.size())).saved);
}

TEST("the checksum is XXH64") {
    const auto of = [](std::string_view text) {
        return checksum({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    };
    CHECK_EQ(of(""), 0xEF46DB3751D8E999);
    CHECK_EQ(of("a"), 0xD24EC4F1A98C6E5B);
    CHECK_EQ(of("abc"), uint64_t{0x44BC2CF5AD770999});
    CHECK_EQ(of("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1);
}

TEST("a restored reading and a fresh one give the same logits") {
    const Folder folder;
    for (const KvType kv : {KvType::f32, KvType::f16, KvType::q8_0})
        for (const Sparsity& how : {Sparsity{}, sparse()}) {
            const auto engine = load(kv);
            const auto tokens = tiny::tokens(2500, 3);  // two blocks and a half
            const std::span<const int32_t> all(tokens);
            const std::string path = folder.file("a.reading");
            save(engine, path, all.first(2400), how);

            const auto session = engine->open_session();
            const RestoreResult restored = session->restore(path, all.first(2400), how, {});
            CHECK(restored.outcome == RestoreOutcome::restored);
            CHECK_EQ(restored.tokens, 2400);
            CHECK(session->logits() == fresh(engine, all.first(2400), how));

            const auto reference = engine->open_session();
            const ReadResult first = reference->read(all.first(2400), how, {});
            CHECK(restored.kept_fraction == first.kept_fraction);
            reference->read(all, how, {});
            const ReadResult rest = session->read(all, how, {});
            CHECK_EQ(rest.reused_tokens, 2400);
            CHECK_EQ(rest.read_tokens, 100);
            CHECK(session->logits() == reference->logits());
            CHECK_EQ(folder.files(), size_t{1});
        }
}

TEST("of a dense reading the common beginning is taken; of a sparse one all or nothing") {
    const Folder folder;
    const auto engine = load();
    const auto a = tiny::tokens(2000, 4);
    auto b = a;
    for (size_t i = 1500; i < b.size(); ++i) b[i] = (b[i] + 1) % 256;
    save(engine, folder.file("dense"), a);
    save(engine, folder.file("sparse"), a, sparse());

    const auto session = engine->open_session();
    CHECK_EQ(session->restore(folder.file("dense"), b, {}, {}).tokens, 1500);
    CHECK_EQ(session->tokens().size(), size_t{1500});
    CHECK_EQ(session->read(b, {}, {}).read_tokens, 500);
    CHECK(session->logits() == fresh(engine, b));
    CHECK(session->restore(folder.file("dense"), b, {}, {}).outcome == RestoreOutcome::no_gain);
    CHECK(session->restore(folder.file("sparse"), b, sparse(), {}).outcome == RestoreOutcome::no_gain);
    CHECK(session->restore(folder.file("sparse"), a, sparse(0.1f), {}).outcome == RestoreOutcome::no_gain);
    CHECK_EQ(session->tokens().size(), size_t{2000});  // untouched
    CHECK(session->logits() == fresh(engine, b));
}

TEST("a part of the timeline is saved: the documents, not the turns after them") {
    const Folder folder;
    const auto engine = load();
    const auto tokens = tiny::tokens(1400, 5);
    const std::span<const int32_t> all(tokens);
    const auto session = engine->open_session();
    session->read(all.first(1200), sparse(), {});
    session->read(all, sparse(), {});
    const std::string path = folder.file("documents");
    CHECK_THROWS(session->save(path, 1199), ErrorCode::bad_request, "1200 of them sparsely");
    CHECK_THROWS(session->save(path, 1401), ErrorCode::bad_request, "has read 1400");
    CHECK_THROWS(session->save(path, 0), ErrorCode::bad_request, "Cannot save 0");
    CHECK(session->save(path, 1200).saved);
    const Logits expected = session->logits();
    const auto other = engine->open_session();
    CHECK_EQ(other->restore(path, tokens, sparse(), {}).tokens, 1200);
    other->read(tokens, sparse(), {});
    CHECK(other->logits() == expected);
}

TEST("a file of another model or KV type is refused, a missing one is missing") {
    const Folder folder;
    const auto tokens = tiny::tokens(300, 6);
    const std::string path = folder.file("a");
    save(load(), path, tokens);
    const tiny::File other(tiny::make({}, 22));
    for (const auto& engine : {load(KvType::q8_0), load(other.path(), KvType::f16)}) {
        const auto session = engine->open_session();
        const RestoreResult result = session->restore(path, tokens, {}, {});
        CHECK(result.outcome == RestoreOutcome::foreign);
        CHECK(!result.reason.empty());
        CHECK_EQ(session->tokens().size(), size_t{0});
    }
    const auto session = load()->open_session();
    CHECK(session->restore(folder.file("nowhere"), tokens, {}, {}).outcome == RestoreOutcome::missing);
}

TEST("a file cut anywhere, or with any byte changed, is found out, and the session reads afresh") {
    const Folder folder;
    const auto engine = load();
    const auto tokens = tiny::tokens(1100, 7);
    const std::string path = folder.file("a"), bad = folder.file("bad");
    save(engine, path, tokens, sparse());
    const std::vector<char> whole = bytes_of(path);
    const Logits expected = fresh(engine, tokens, sparse());
    std::mt19937 random(1);
    const auto expect_found = [&](const std::vector<char>& bytes, const char* what) {
        write(bad, bytes);
        auto session = engine->open_session();
        const RestoreOutcome outcome = session->restore(bad, tokens, sparse(), {}).outcome;
        const bool found = outcome == RestoreOutcome::damaged || outcome == RestoreOutcome::foreign;
        if (!found || !session->tokens().empty()) check::fail(__FILE__, __LINE__, what);
        return session;
    };
    for (int round = 0; round < 60; ++round) {
        std::vector<char> cut = whole;
        cut.resize(random() % whole.size());
        expect_found(cut, "a cut file was used");
        std::vector<char> changed = whole;
        // Half of them in the head, where a wrong length would do most harm.
        changed[random() % (round % 2 ? 6000 : whole.size())] ^= static_cast<char>(1 << random() % 8);
        const auto session = expect_found(changed, "a changed file was used");
        if (round == 0) {
            session->read(tokens, sparse(), {});
            CHECK(session->logits() == expected);
        }
    }
    std::vector<char> longer = whole;
    longer.push_back(0);
    expect_found(longer, "a longer file was used");
    expect_found({}, "an empty file was used");
}

TEST("a save that cannot be written says so and leaves nothing; a cancelled one, too") {
    const Folder folder;
    const auto tokens = tiny::tokens(300, 8);
    const auto session = load()->open_session();
    session->read(tokens, {}, {});
    CHECK_THROWS(session->save(folder.file("no/such/folder"), 300), ErrorCode::storage,
                 "could not be created");
    session->cancel();
    CHECK(!session->save(folder.file("a"), 300).saved);
    CHECK_EQ(folder.files(), size_t{0});
    session->resume();
    CHECK(session->save(folder.file("a"), 300).saved);
    session->cancel();
    CHECK(session->restore(folder.file("a"), tokens, {}, {}).outcome == RestoreOutcome::cancelled);
}
