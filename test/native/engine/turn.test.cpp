// Turns on a device that records its flag.
#include "engine/turn.h"

#include <chrono>
#include <optional>
#include <thread>

#include "check.h"
#include "engine/stub_device.h"

using namespace longleaf;

TEST("a cancel reaches the device only in the session's own turn") {
    StubDevice device(0);
    Turnstile turnstile(device);
    Turnstile::Switch a(turnstile), b(turnstile);
    {
        Turnstile::Turn turn(a);
        CHECK(turn.granted());
        b.cancel();
        CHECK(!device.cancelled);
        a.cancel();
        CHECK(device.cancelled.load());
    }
    CHECK(!device.cancelled);
    CHECK(!Turnstile::Turn(b).granted());
    b.resume();
    CHECK(Turnstile::Turn(b).granted());
    CHECK(!Turnstile::Turn(a).granted());
}

TEST("turns are taken one after another") {
    StubDevice device(0);
    Turnstile turnstile(device);
    int inside = 0, most = 0, total = 0;  // guarded by the turn
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            Turnstile::Switch mine(turnstile);
            for (int j = 0; j < 50; ++j) {
                Turnstile::Turn turn(mine);
                most = std::max(most, ++inside);
                ++total;
                --inside;
            }
        });
    for (auto& t : threads) t.join();
    CHECK_EQ(most, 1);
    CHECK_EQ(total, 200);
}
