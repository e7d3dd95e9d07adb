#include "engine/answer_text.h"

#include "check.h"
#include "engine.h"

using namespace longleaf;

TEST("text that may become a stop string is held back, and shown when it does not") {
    AnswerText text({"STOP", "\n\nUser"});
    CHECK_EQ(text.push("one S"), "one ");
    CHECK_EQ(text.push("T"), "");
    CHECK_EQ(text.push("AR\n"), "STAR");
    CHECK_EQ(text.push("\nU"), "");
    CHECK_EQ(text.push("x"), "\n\nUx");
    CHECK_EQ(text.finish(), "");
}

TEST("the earliest stop string wins, wherever the pieces break") {
    AnswerText text({"bcd", "abc"});
    CHECK_EQ(text.push("xxa"), "xx");
    CHECK_EQ(text.push("b"), "");
    CHECK_EQ(text.push("cd and more"), "");
    CHECK(text.stopped());
    CHECK_EQ(text.push("never"), "");
    CHECK_EQ(text.finish(), "");
}

TEST("what was held back comes out at the end") {
    AnswerText text({"STOP"});
    CHECK_EQ(text.push("ST"), "");
    CHECK_EQ(text.finish(), "ST");
}

TEST("characters stay whole, and half a character at the end is marked") {
    AnswerText text({});
    CHECK_EQ(text.push("\xE2\x82"), "");
    CHECK_EQ(text.push("\xAC!"), "\xE2\x82\xAC!");
    CHECK_EQ(text.push("\xF0\x9F"), "");
    CHECK_EQ(text.finish(), "\xEF\xBF\xBD");
}

TEST("an empty stop string is refused") { CHECK_THROWS(AnswerText({""}), ErrorCode::bad_request, "empty"); }
