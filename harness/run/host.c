#include "host.h"

#include <gnu/libc-version.h>
#include <string.h>
#include <sys/utsname.h>

#include "processors.h"

/* The first line of what argv prints, or NULL; (transfer full). */
static char *first_line_of(const char *const *argv, const char *folder)
{
    g_autofree char *text = NULL;
    int status = 0;
    GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL;
    if (!g_spawn_sync(folder, (char **)argv, NULL, flags, NULL, NULL, &text, NULL, &status, NULL) ||
        !g_spawn_check_wait_status(status, NULL) || text == NULL)
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    return *text != '\0' ? g_strndup(text, 100) : NULL;
}

/* "debian-12": the folder name of a baseline must not depend on anything that changes by the day. */
static char *distribution(void)
{
    g_autofree char *id = g_get_os_info(G_OS_INFO_KEY_ID);
    g_autofree char *version = g_get_os_info(G_OS_INFO_KEY_VERSION_ID);
    char *name = g_strdup_printf("%s%s%s", id != NULL ? id : "unknown", version != NULL ? "-" : "",
                                 version != NULL ? version : "");
    return g_strcanon(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", '_');
}

static char *valgrind_version(void)
{
    const char *argv[] = {"valgrind", "--version", NULL};
    g_autofree char *line = first_line_of(argv, NULL);
    if (line == NULL)
        return NULL;
    return g_strdup(g_str_has_prefix(line, "valgrind-") ? line + strlen("valgrind-") : line);
}

const Environment *host_environment(void)
{
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        Environment *self = g_new0(Environment, 1);
        struct utsname machine;
        uname(&machine);
        g_autofree char *system = distribution();
        self->architecture = g_strdup(machine.machine);
        self->platform = g_strdup_printf("%s-%s", system, machine.machine);
        self->libc = g_strdup_printf("glibc %s", gnu_get_libc_version());
        g_once_init_leave(&once, (gsize)self);
    }
    return (const Environment *)once;
}

const char *host_valgrind(void)
{
    static gsize once = 0;
    static char *version;
    if (g_once_init_enter(&once)) {
        version = valgrind_version();
        g_once_init_leave(&once, 1);
    }
    return version;
}

char *host_tool(const Instrument *instrument)
{
    const char *version = host_valgrind(), *settings = instrument->settings;
    if (!instrument->by_valgrind)
        return g_strdup(settings);
    return g_strdup_printf("Valgrind %s%s%s", version != NULL ? version : "unknown",
                           settings != NULL ? ", " : "", settings != NULL ? settings : "");
}

Environment *host_environment_for(const Scenario *scenario)
{
    Environment *environment = environment_copy(host_environment());
    environment->processors = processors_available(scenario->cpus);
    return environment;
}

char *host_commit(const char *root)
{
    const char *argv[] = {"git", "rev-parse", "HEAD", NULL};
    return first_line_of(argv, root);
}
