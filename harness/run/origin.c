#include "origin.h"

/* The latest before this one that is of the same process, by what the rolls say or, where a program between
 * them was not seen, by the process id; -1: there is none. */
static gint find_before(const GArray *origins, const Starts *starts, guint index)
{
    const Origin *origin = &g_array_index(origins, Origin, index);
    guint32 number = 0, own_pid = 0;
    if (origin->family == 0 || origin->number > 0)
        return -1;
    gboolean told = starts_is_exec(starts, origin->parent_family, origin->parent_entry, &number, &own_pid);
    for (guint i = index; i-- > 0;) {
        const Origin *before = &g_array_index(origins, Origin, i);
        if (told && before->family == origin->parent_family && before->number == number)
            return before->own_pid == own_pid ? (gint)i : -1;
        if (!told && before->pid > 0 && before->pid == origin->pid)
            return starts_became_another(starts, before->family, before->number, (guint32)before->own_pid)
                       ? (gint)i
                       : -1;
    }
    return -1;
}

GArray *origins_processes(const GArray *origins, const Starts *starts)
{
    GArray *processes = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < origins->len; i++) {
        gint before = find_before(origins, starts, i);
        guint process = before >= 0 ? g_array_index(processes, guint, before) : i + 1;
        g_array_append_val(processes, process);
    }
    return processes;
}
