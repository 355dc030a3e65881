#include "processors.h"

#include <sched.h>

gint64 processors_available(gint64 most)
{
    cpu_set_t set;
    gint64 count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : g_get_num_processors();
    return MAX(most > 0 ? MIN(count, most) : count, 1);
}

void processors_keep(gint64 count)
{
    cpu_set_t all, kept;
    if (count <= 0 || sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    CPU_ZERO(&kept);
    for (int cpu = 0; cpu < CPU_SETSIZE && count > 0; cpu++)
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &kept);
            count--;
        }
    sched_setaffinity(0, sizeof kept, &kept);
}
