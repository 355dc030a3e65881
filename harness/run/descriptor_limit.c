#include "descriptor_limit.h"

#include <glib.h>
#include <sys/resource.h>

static struct rlimit own_limit;
static gsize limit_is_raised;

void descriptor_limit_raise(void)
{
    if (!g_once_init_enter(&limit_is_raised))
        return;
    gboolean known = getrlimit(RLIMIT_NOFILE, &own_limit) == 0;
    struct rlimit limit = own_limit;
    limit.rlim_cur = MAX(limit.rlim_cur, MIN(limit.rlim_max, 65536));
    g_once_init_leave(&limit_is_raised, known && setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 1 : 2);
}

void descriptor_limit_restore(void)
{
    if (limit_is_raised == 1)
        setrlimit(RLIMIT_NOFILE, &own_limit);
}
