// Drift calibration, worked by hand.
#include "sparsity/drift.h"

#include <limits>

#include "check.h"
#include "engine.h"

using namespace longleaf;

TEST("drift is the mean relative step of a token") {
    const float in[] = {3, 4, 0, 5}, out[] = {3, 4, 3, 1};  // steps 0 of 5, and 5 of 5
    CHECK_NEAR(representation_drift(in, out, 2, 2), 0.5, 1e-8);
    CHECK_EQ(representation_drift(in, out, 0, 2), 0.0);
    const float zero[] = {0, 0};
    CHECK_NEAR(representation_drift(zero, in, 1, 2), 5e8, 1);  // 5 / 1e-8: finite
}

TEST("layers at or below the quantile are quiet") {
    const std::vector<double> drift{4, 1, 3, 2, 10};
    CHECK((quiet_layers(drift, 0.5) == std::vector<int>{1, 2, 3}));
    CHECK((quiet_layers(drift, 0) == std::vector<int>{1}));
    CHECK((quiet_layers(drift, 1) == std::vector<int>{0, 1, 2, 3, 4}));
    CHECK((quiet_layers(drift, 0.6) == std::vector<int>{1, 2, 3}));  // limit 3.4 between 3 and 4
    CHECK((quiet_layers(drift, 0.75) == std::vector<int>{0, 1, 2, 3}));
}

TEST("odd calibrations") {
    CHECK(quiet_layers({}, 0.5).empty());
    const std::vector<double> still{0, 0}, broken{1, std::numeric_limits<double>::quiet_NaN()};
    CHECK((quiet_layers(still, 0.5) == std::vector<int>{0, 1}));
    CHECK_THROWS(quiet_layers(broken, 0.5), ErrorCode::bad_request, "drift");
    CHECK_THROWS(quiet_layers(still, 1.5), ErrorCode::bad_request, "delta");
}
