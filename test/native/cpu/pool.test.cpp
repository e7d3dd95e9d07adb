// Threads, memory and the choice of instructions.
#include "check.h"

#include <chrono>
#include <ctime>
#include <thread>

#include "bed.h"
#include "cpu/memory.h"
#include "cpu/pool.h"

using longleaf::ErrorCode, longleaf::Simd;
using longleaf::cpu::Pool;

TEST("every task runs once, on a thread of the pool") {
    const std::atomic<bool> stop{false};
    for (const int threads : {1, 2, 5}) {
        Pool pool(threads);
        for (int round = 0; round < 2000; ++round) {
            std::vector<std::atomic<int>> runs(static_cast<size_t>(round % 37));
            pool.run(round % 37, stop, [&](int64_t task, int thread) {
                if (thread < 0 || thread >= threads) runs[0] += 1000;
                runs[static_cast<size_t>(task)] += 1;
            });
            for (const auto& n : runs) CHECK_EQ(n.load(), 1);
        }
    }
}

TEST("sleeping workers wake") {
    const std::atomic<bool> stop{false};
    Pool pool(3);
    for (int round = 0; round < 20; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        std::atomic<int> sum{0};
        pool.run(50, stop, [&](int64_t task, int) { sum += static_cast<int>(task); });
        CHECK_EQ(sum.load(), 1225);
    }
}

TEST("an idle pool uses no processor time") {
    Pool pool(3);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::clock_t before = std::clock();  // of the whole process
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    CHECK(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 0.02);
}

TEST("a stopped run hands out no more tasks") {
    std::atomic<bool> stop{false};
    std::atomic<int> done{0};
    Pool pool(2);
    pool.run(1000000, stop, [&](int64_t, int) {
        if (++done == 10) stop = true;
    });
    CHECK(done.load() < 100);
}

TEST("backends say what they are and refuse what they cannot be") {
    const auto b = longleaf::cpu::create_backend({.threads = 2, .simd = Simd::scalar});
    CHECK_EQ(b->describe(), "CPU, scalar, 2 threads");
    CHECK_EQ(longleaf::cpu::create_backend({.threads = 1, .simd = Simd::scalar})->describe(),
             "CPU, scalar, 1 thread");
    CHECK(b->activation_type(longleaf::DType::f16) == longleaf::DType::f32);
    CHECK_THROWS(longleaf::cpu::create_backend({.threads = -1, .simd = Simd::scalar}), ErrorCode::bad_request,
                 "thread");
    if (!longleaf::cpu::detect_features().avx512)
        CHECK_THROWS(longleaf::cpu::create_backend({.threads = 1, .simd = Simd::avx512}),
                     ErrorCode::bad_request, "AVX-512");
    CHECK(longleaf::cpu::usable_cores() >= 1);
}

TEST("memory comes zeroed and in any size, and a refusal is an error") {
    const auto b = longleaf::cpu::create_backend({.threads = 1, .simd = Simd::scalar});
    CHECK(b->available_bytes() > (16u << 20));
    for (const uint64_t bytes : {uint64_t{1}, uint64_t{5000}, uint64_t{64} << 20}) {
        auto* memory = static_cast<char*>(b->allocate(bytes));
        CHECK(memory[0] == 0 && memory[bytes - 1] == 0);
        memory[bytes - 1] = 1;
        char copy = 0;
        b->download(&copy, memory + bytes - 1, 1);
        CHECK_EQ(copy, 1);
        b->release(memory, bytes);
    }
    CHECK_THROWS(b->allocate(uint64_t{1} << 60), ErrorCode::no_memory, "refused");
}

TEST("work space stays within what scratch_bytes announces") {
    for (const Simd simd : bed::paths()) {
        const auto b = bed::backend(simd, 1);
        CHECK(b->scratch_bytes(4096, 0) > (8u << 20));
        CHECK(b->scratch_bytes(4096, 0) < (64u << 20));
    }
}
