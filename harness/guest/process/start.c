#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "family.h"
#include "process.h"
#include "books/sample.h"
#include "sandbox.h"
#include "books/scratch.h"
#include "start.h"

/* What the environment of every program has to hold besides; fixed when this one begins. */
static struct {
    char preload[sizeof "LD_PRELOAD=" + sizeof((ProcessInheritance *)0)->preload];
    char socket[sizeof LEDGER_SOCKET_VARIABLE + 1 + sizeof((ProcessInheritance *)0)->socket];
    char sample[sizeof LEDGER_SAMPLE_VARIABLE + 1 + sizeof((ProcessInheritance *)0)->sample];
    bool ready;
} own;

enum { ADDED = 6 }; /* those three, the entry, limits, and NULL */

void start_open(void)
{
    const ProcessInheritance *inherited = &process_inheritance;
    const char *preload = inherited->preload[0] != '\0' ? inherited->preload : inherited->library;
    strcat(strcpy(own.preload, "LD_PRELOAD="), preload);
    strcat(strcpy(own.socket, LEDGER_SOCKET_VARIABLE "="), inherited->socket);
    strcat(strcpy(own.sample, LEDGER_SAMPLE_VARIABLE "="), inherited->sample);
    own.ready = family_roll != NULL && inherited->library[0] != '\0';
}

static const char *entry_value(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1 : NULL;
}

static const char *environment_find(Strings environment, const char *name)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *value = entry_value(*environment, name);
        if (value != NULL)
            return value;
    }
    return NULL;
}

static size_t strings_count(Strings strings)
{
    size_t n = 0;
    while (strings != NULL && strings[n] != NULL)
        n++;
    return n;
}

static bool is_one_of_ours(const char *entry)
{
    return entry_value(entry, "LD_PRELOAD") != NULL || entry_value(entry, LEDGER_SOCKET_VARIABLE) != NULL ||
           (sample_mean != 0 && entry_value(entry, LEDGER_SAMPLE_VARIABLE) != NULL) ||
           entry_value(entry, ROLL_PARENT_VARIABLE) != NULL || entry_value(entry, LIMITS_VARIABLE) != NULL;
}

/* How many bytes an LD_PRELOAD takes that has this library before whatever else is wanted; 0: there is one
 * already. */
static size_t preload_size(const char *wanted)
{
    if (wanted == NULL || wanted[0] == '\0' || strstr(wanted, process_inheritance.library) != NULL)
        return 0;
    return sizeof "LD_PRELOAD=:" + strlen(process_inheritance.library) + strlen(wanted);
}

/* text: room for preload_size bytes. */
static char *preload_entry(const char *wanted, size_t size, char *text)
{
    if (size > 0)
        return strcat(strcat(strcat(strcpy(text, "LD_PRELOAD="), process_inheritance.library), ":"), wanted);
    if (wanted == NULL || wanted[0] == '\0')
        return own.preload;
    return (char *)wanted - strlen("LD_PRELOAD=");
}

static Strings environment_merge(Start *self, Strings environment, char **merged, const char *wanted,
                                 size_t size, char *text)
{
    size_t used = 0;
    for (Strings entry = environment; entry != NULL && *entry != NULL; entry++)
        if (!is_one_of_ours(*entry))
            merged[used++] = *entry;
    merged[used++] = preload_entry(wanted, size, text);
    merged[used++] = own.socket;
    if (sample_mean != 0)
        merged[used++] = own.sample;
    if (self->entry != 0) {
        strcpy(self->parent, ROLL_PARENT_VARIABLE "=");
        entry_parent_text(self->entry, self->parent + strlen(self->parent));
        merged[used++] = self->parent;
    }
    strcpy(self->limits, LIMITS_VARIABLE "=");
    if (limits_text(self->limits + strlen(self->limits)))
        merged[used++] = self->limits;
    merged[used] = NULL;
    return merged;
}

/* Programs that another harness is to watch answer to that one. */
static bool is_anothers(Strings environment)
{
    const char *socket = environment_find(environment, LEDGER_SOCKET_VARIABLE);
    return socket != NULL && socket[0] != '\0' && strcmp(socket, process_inheritance.socket) != 0;
}

/* The environment without the tracer. */
static Strings strip(Strings environment, char **merged)
{
    size_t used = 0;
    for (Strings entry = environment; entry != NULL && *entry != NULL; entry++)
        if (!is_one_of_ours(*entry))
            merged[used++] = *entry;
    merged[used] = NULL;
    return merged;
}

/* The loader preloads nothing for a program whose effective ids are not its real ones. */
static bool is_privileged(void)
{
    return !sandbox_entered &&
           (syscall(SYS_getuid) != syscall(SYS_geteuid) || syscall(SYS_getgid) != syscall(SYS_getegid));
}

Strings start_begin(Start *self, uint32_t entry, Strings environment)
{
    bool anothers = own.ready && is_anothers(environment);
    self->entry = anothers ? 0 : entry;
    self->scratch = NULL;
    if (anothers)
        entry_take_back(entry);
    if (!own.ready || anothers)
        return environment;
    if (is_privileged())
        entry_explain(entry, LEDGER_OFF_PRIVILEGED);
    const char *wanted = environment_find(environment, "LD_PRELOAD");
    size_t pointers = strings_count(environment) + ADDED, size = preload_size(wanted);
    char **merged = self->small;
    if (pointers > START_SMALL || size > 0)
        merged = self->scratch = scratch_take(pointers * sizeof *merged + size);
    if (merged == NULL)
        return environment;
    if (!sandbox_kills_starts)
        return environment_merge(self, environment, merged, wanted, size, (char *)(merged + pointers));
    entry_explain(entry, LEDGER_OFF_SANDBOX);
    return strip(environment, merged);
}

void start_succeeded(Start *self, pid_t pid)
{
    entry_started(self->entry, (uint32_t)pid);
    scratch_give(self->scratch);
}

void start_failed(Start *self)
{
    entry_take_back(self->entry);
    scratch_give(self->scratch);
}
