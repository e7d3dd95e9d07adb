// How many threads pay off on this machine.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "cpu/backend.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace longleaf::cpu {
namespace {

#if defined(__linux__)

/// Cores under the affinity mask. Hyperthreads share the vector units our kernels saturate: one each.
int cores_in_mask() {
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof(mask), &mask) != 0) return 0;
    std::set<std::string> cores;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &mask)) continue;
        std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                           "/topology/thread_siblings_list");
        std::string siblings;
        if (!(file >> siblings)) siblings = "only " + std::to_string(cpu);
        cores.insert(siblings);
    }
    return static_cast<int>(cores.size());
}

/// cgroup cpu quota in cores, rounded up; 0 when unlimited.
int quota() {
    std::ifstream file("/proc/self/cgroup");
    std::string path = "/";
    for (std::string line; std::getline(file, line);)
        if (line.rfind("0::", 0) == 0) path = line.substr(3);
    double least = 0;
    for (;;) {
        std::ifstream limit("/sys/fs/cgroup" + (path == "/" ? "" : path) + "/cpu.max");
        double used = 0, period = 0;
        if (limit >> used >> period && period > 0 && (least == 0 || used / period < least))
            least = used / period;
        const size_t slash = path.rfind('/');
        if (path.size() <= 1 || slash == std::string::npos) break;
        path.resize(slash == 0 ? 1 : slash);
    }
    std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
        v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    double used = 0, period = 0;
    if (v1_quota >> used && v1_period >> period && used > 0 && period > 0 &&
        (least == 0 || used / period < least))
        least = used / period;
    return static_cast<int>(std::ceil(least));
}

#else
int cores_in_mask() { return 0; }
int quota() { return 0; }
#endif

}  // namespace

int usable_cores() {
    int cores = cores_in_mask();
    if (cores == 0) cores = static_cast<int>(std::thread::hardware_concurrency());
    const int limit = quota();
    if (limit > 0) cores = std::min(cores, limit);
    return std::max(cores, 1);
}

}  // namespace longleaf::cpu
