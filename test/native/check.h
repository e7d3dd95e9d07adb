// The native test framework: TEST registers a case, CHECK and friends count failures, main runs all cases
// or those whose name contains argv[1]. Include in exactly one file per executable.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace check {

struct Case {
    const char* name;
    std::function<void()> body;
};

inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}
inline int failures = 0;

struct Register {
    Register(const char* name, std::function<void()> body) { cases().push_back({name, std::move(body)}); }
};

inline void fail(const char* file, int line, const std::string& what) {
    ++failures;
    std::fprintf(stderr, "  %s:%d: %s\n", file, line, what.c_str());
}

template <class T>
std::string show(const T& value) {
    if constexpr (requires(std::ostringstream & s) { s << value; }) {
        std::ostringstream s;
        s << value;
        return s.str();
    } else {
        return "?";
    }
}

/// A call, so that temporaries in `actual` live until both sides are compared and shown.
template <class A, class E>
void equal(const char* file, int line, const char* what, const A& actual, const E& expected) {
    if (!(actual == expected)) fail(file, line, what + (" is " + show(actual)) + ", not " + show(expected));
}

}  // namespace check

#define CHECK_CAT_(a, b) a##b
#define CHECK_CAT(a, b) CHECK_CAT_(a, b)
#define TEST(name)                                                                                 \
    static void CHECK_CAT(test_body_, __LINE__)();                                                 \
    static check::Register CHECK_CAT(test_case_, __LINE__)(name, CHECK_CAT(test_body_, __LINE__)); \
    static void CHECK_CAT(test_body_, __LINE__)()

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) check::fail(__FILE__, __LINE__, "CHECK(" #condition ")"); \
    } while (0)

#define CHECK_EQ(actual, expected) check::equal(__FILE__, __LINE__, #actual, (actual), (expected))

#define CHECK_NEAR(actual, expected, tolerance)                                                             \
    do {                                                                                                    \
        const double a_ = (actual), e_ = (expected);                                                        \
        if (!(std::abs(a_ - e_) <= (tolerance)))                                                            \
            check::fail(__FILE__, __LINE__, #actual " is " + check::show(a_) + ", not " + check::show(e_)); \
    } while (0)

/// Runs `statement`, which must throw EngineError with this code and a message containing `text`.
#define CHECK_THROWS(statement, expected_code, text)                                                    \
    do {                                                                                                \
        bool thrown_ = false;                                                                           \
        try {                                                                                           \
            statement;                                                                                  \
        } catch (const longleaf::EngineError& e_) {                                                     \
            thrown_ = true;                                                                             \
            if (e_.code() != (expected_code) || std::string(e_.what()).find(text) == std::string::npos) \
                check::fail(__FILE__, __LINE__, std::string("wrong error: ") + e_.what());              \
        }                                                                                               \
        if (!thrown_) check::fail(__FILE__, __LINE__, #statement " did not throw");                     \
    } while (0)

int main(int argc, char** argv) {
    int ran = 0;
    for (const auto& c : check::cases()) {
        if (argc > 1 && !std::strstr(c.name, argv[1])) continue;
        ++ran;
        const int before = check::failures;
        try {
            c.body();
        } catch (const std::exception& e) {
            check::fail(c.name, 0, std::string("threw: ") + e.what());
        }
        std::printf("%s %s\n", check::failures == before ? "ok  " : "FAIL", c.name);
    }
    std::printf("%d cases, %d failures\n", ran, check::failures);
    return check::failures == 0 && ran > 0 ? 0 : 1;
}
