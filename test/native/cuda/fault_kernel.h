// A fault no call of this process on its GPU recovers from.
#pragma once

/// Runs a kernel that traps. True when the device then reports a fault, as it will from now on.
bool break_the_device();
