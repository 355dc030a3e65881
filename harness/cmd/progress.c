#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/units.h"
#include "output.h"

struct Progress {
    SessionWatcher watcher;
    GHashTable *expected;
    gboolean terminal;
    gboolean quiet;
    gboolean drawn;
};

static gint64 expected_us(const Progress *self, const Run *run)
{
    g_autofree char *key = g_strdup_printf("%s/%s", run->scenario->name, run->instrument->name);
    const gint64 *duration = self->expected != NULL ? g_hash_table_lookup(self->expected, key) : NULL;
    return duration != NULL ? *duration : 0;
}

static void erase(Progress *self)
{
    if (self->drawn)
        fputs("\r\033[K", stderr);
    self->drawn = FALSE;
}

/* "sqlite-order-entry massif, iteration 4 of 20, 2.1 s of about 5.0 s" */
static void append_run(const Progress *self, GString *line, Run *run)
{
    g_autofree char *elapsed = units_format_duration(g_get_monotonic_time() - run->started_us);
    gint64 expected = expected_us(self, run);
    guint iterations = run_iterations_so_far(run);
    g_string_append_printf(line, "%s %s", run->scenario->name, run->instrument->name);
    if (iterations > 0 && run->scenario->iterations > 0)
        g_string_append_printf(line, ", iteration %u of %" G_GINT64_FORMAT, iterations,
                               run->scenario->iterations);
    g_string_append_printf(line, ", %s", elapsed);
    if (expected > 0) {
        g_autofree char *about = units_format_duration(expected);
        g_string_append_printf(line, " of about %s", about);
    }
}

static void on_tick(const GPtrArray *runs, gpointer user_data)
{
    Progress *self = user_data;
    g_autoptr(GString) line = g_string_new(NULL);
    guint done = 0;
    for (guint i = 0; i < runs->len; i++) {
        Run *run = g_ptr_array_index(runs, i);
        done += run->state == RUN_DONE;
        if (run->state != RUN_RUNNING)
            continue;
        g_string_append(line, "  ");
        append_run(self, line, run);
    }
    g_autofree char *count = g_strdup_printf("[%u/%u]", done, runs->len);
    g_string_prepend(line, count);
    guint columns = output_columns(STDERR_FILENO), most = MAX(columns > 0 ? columns : 80, 21);
    if (line->len >= most)
        g_string_truncate(line, most - 1);
    fprintf(stderr, "\r\033[K%s", line->str);
    fflush(stderr);
    self->drawn = TRUE;
}

static void on_started(Run *run, gpointer user_data)
{
    (void)run, (void)user_data;
}

static void on_finished(Run *run, gpointer user_data)
{
    Progress *self = user_data;
    if (self->quiet)
        return;
    erase(self);
    g_autofree char *duration = units_format_duration(run->measurement->duration_us);
    fprintf(stderr, "%s %s: %s %s\n", run->scenario->name, run->instrument->name,
            run->measurement->problem != NULL ? "not measured after" : "measured in", duration);
}

Progress *progress_new(GHashTable *expected, gboolean quiet)
{
    Progress *self = g_new0(Progress, 1);
    self->expected = expected;
    self->quiet = quiet;
    self->terminal = isatty(STDERR_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    self->watcher =
        (SessionWatcher){on_started, on_finished, self->terminal && !quiet ? on_tick : NULL, self};
    return self;
}

void progress_free(Progress *self)
{
    if (self == NULL)
        return;
    erase(self);
    g_free(self);
}

const SessionWatcher *progress_watcher(Progress *self)
{
    return &self->watcher;
}
