#include "program_environment.h"

#include <string.h>

/* Variables that list places: what the scenario names comes after heapgate's own, not in its place. */
static const char *const lists[] = {"LD_PRELOAD", "PYTHONPATH", NULL};

static GStrv environment_add(GStrv env, GStrv variables)
{
    for (; variables != NULL && *variables != NULL; variables++) {
        g_auto(GStrv) pair = g_strsplit(*variables, "=", 2);
        const char *before = g_strv_contains(lists, pair[0]) ? g_environ_getenv(env, pair[0]) : NULL;
        g_autofree char *both = before != NULL ? g_strjoin(":", before, pair[1], NULL) : g_strdup(pair[1]);
        env = g_environ_setenv(env, pair[0], both, TRUE);
    }
    return env;
}

/* An interpreter's memory lies otherwise where its environment, or a folder of modules, holds one text more:
 * leaks of its own come and go with that. So each repetition has another environment, and what differs by it
 * is noise. */
static GStrv pad(GStrv env, const Scenario *scenario, guint repetition)
{
    enum { STEP = 40 };
    if (!scenario_runs_python(scenario))
        return env;
    g_autofree char *padding = g_strnfill((gsize)repetition * STEP, 'x');
    return g_environ_setenv(env, "HEAPGATE_REPETITION", padding, TRUE);
}

GStrv program_environment(const Scenario *scenario, GStrv instrument, GStrv python, guint repetition,
                          const char *home)
{
    GStrv env = g_new0(char *, 1);
    env = g_environ_setenv(env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", TRUE);
    env = g_environ_setenv(env, "HOME", home, TRUE);
    env = g_environ_setenv(env, "LC_ALL", "C", TRUE);
    env = g_environ_setenv(env, "TZ", "UTC", TRUE);
    env = g_environ_setenv(env, "PYTHONHASHSEED", "0", TRUE);
    env = environment_add(env, instrument);
    env = environment_add(env, python);
    env = environment_add(env, scenario->env);
    return pad(env, scenario, repetition);
}
