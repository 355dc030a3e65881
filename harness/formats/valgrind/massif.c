#include "massif_lines.h"

#include <math.h>

#include "error.h"

/* A command holds newlines where an argument does ("python3 -c '...'"); its lines end at "time_unit:". */
enum { MAX_COMMAND_LINES = 10000 };

static gboolean starts_with(const MassifLines *lines, const char *prefix)
{
    gsize length = strlen(prefix);
    return lines->length >= length && memcmp(lines->text, prefix, length) == 0;
}

/* Whether the file may have been cut off within the prefix. */
static gboolean is_cut_prefix(const MassifLines *lines, const char *prefix)
{
    return !lines->ended && !lines->whole && lines->length < strlen(prefix) &&
           memcmp(lines->text, prefix, lines->length) == 0;
}

/* The current line's text behind the prefix. */
static gboolean take_field(const MassifLines *lines, const char *prefix, const char **value, const char **end,
                           GError **error)
{
    if (!starts_with(lines, prefix)) {
        if (lines->ended || is_cut_prefix(lines, prefix))
            return massif_lines_refuse(lines, error, "\"%s\"", prefix);
        return massif_lines_refuse_format(lines, error, "\"%s\"", prefix);
    }
    if (!lines->whole)
        return massif_lines_refuse(lines, error, "a whole \"%s\" line", prefix);
    *value = lines->text + strlen(prefix);
    *end = lines->text + lines->length;
    return TRUE;
}

static gboolean next_field(MassifLines *lines, const char *prefix, const char **value, const char **end,
                           GError **error)
{
    return massif_lines_next(lines, error) && take_field(lines, prefix, value, end, error);
}

static gboolean next_bytes(MassifLines *lines, const char *prefix, gint64 *bytes, GError **error)
{
    const char *value, *end;
    if (!next_field(lines, prefix, &value, &end, error))
        return FALSE;
    if (!massif_digits(&value, end, bytes) || value != end)
        return massif_lines_refuse_format(lines, error, "\"%s\" with a number below 2^63", prefix);
    return TRUE;
}

/* "123", "0.25", "1.5e+06": heaptrack's export has fractions, and exponents where they grow long. */
static gboolean parse_time(const char *value, const char *end, double *time)
{
    gint64 whole;
    const char *at = value;
    if (massif_digits(&at, end, &whole) && at == end) {
        *time = (double)whole;
        return TRUE;
    }
    char text[64];
    gsize length = end - value;
    if (length == 0 || length >= sizeof text)
        return FALSE;
    memcpy(text, value, length);
    text[length] = '\0';
    if (!g_ascii_isdigit(text[0]) || strspn(text, "0123456789.eE+-") != length)
        return FALSE;
    char *stop;
    *time = g_ascii_strtod(text, &stop);
    return *stop == '\0' && isfinite(*time);
}

static gboolean next_time(MassifLines *lines, double *time, GError **error)
{
    const char *value, *end;
    if (!next_field(lines, "time=", &value, &end, error))
        return FALSE;
    if (!parse_time(value, end, time))
        return massif_lines_refuse_format(lines, error, "\"time=\" with a number");
    return TRUE;
}

static gboolean next_tree_kind(MassifLines *lines, MassifTree *tree, GError **error)
{
    static const struct {
        const char *name;
        MassifTree tree;
    } kinds[] = {
        {"empty", MASSIF_TREE_EMPTY}, {"detailed", MASSIF_TREE_DETAILED}, {"peak", MASSIF_TREE_PEAK}};
    const char *value, *end;
    if (!next_field(lines, "heap_tree=", &value, &end, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        gsize length = strlen(kinds[i].name);
        if ((gsize)(end - value) == length && memcmp(value, kinds[i].name, length) == 0) {
            *tree = kinds[i].tree;
            return TRUE;
        }
    }
    return massif_lines_refuse_format(lines, error, "\"heap_tree=\" with empty, detailed or peak");
}

static gboolean refuse_sum(const MassifLines *lines, const MassifSnapshot *snapshot, GError **error)
{
    gint64 sum;
    if (__builtin_add_overflow(snapshot->heap_bytes, snapshot->extra_bytes, &sum) ||
        __builtin_add_overflow(sum, snapshot->stacks_bytes, &sum))
        return massif_lines_refuse_format(lines, error, "a snapshot of less than 2^63 bytes");
    return TRUE;
}

/* A dashed line stands before and after "snapshot=". */
static gboolean next_rule(MassifLines *lines, GError **error)
{
    const char *value, *end;
    return next_field(lines, "#-----------", &value, &end, error);
}

/* The current line is the first dashed one. */
static gboolean read_snapshot(MassifLines *lines, MassifSnapshot *snapshot, GError **error)
{
    const char *value, *end;
    gint64 index;
    *snapshot = (MassifSnapshot){0};
    if (!take_field(lines, "#-----------", &value, &end, error) ||
        !next_bytes(lines, "snapshot=", &index, error) || !next_rule(lines, error) ||
        !next_time(lines, &snapshot->time, error) ||
        !next_bytes(lines, "mem_heap_B=", &snapshot->heap_bytes, error) ||
        !next_bytes(lines, "mem_heap_extra_B=", &snapshot->extra_bytes, error) ||
        !next_bytes(lines, "mem_stacks_B=", &snapshot->stacks_bytes, error) ||
        !refuse_sum(lines, snapshot, error) || !next_tree_kind(lines, &snapshot->tree, error))
        return FALSE;
    snapshot->index = (guint64)index;
    if (snapshot->tree == MASSIF_TREE_EMPTY)
        return TRUE;
    snapshot->tree_offset = lines->next - lines->begin;
    snapshot->tree_line = lines->number + 1;
    return massif_tree_walk(lines, NULL, NULL, error);
}

/* Text behind "desc:" or "cmd:", without the blank that massif writes first; (transfer full). */
static char *copy_text(const char *value, const char *end)
{
    if (value < end && *value == ' ')
        value++;
    return g_strndup(value, end - value);
}

/* Reads lines up to the one that begins with "time_unit:". The current line is the one behind "cmd:". */
static gboolean find_time_unit(MassifLines *lines, const char **end, GError **error)
{
    const MassifLines first = *lines;
    for (guint i = 0; i < MAX_COMMAND_LINES && !lines->ended; i++) {
        if (starts_with(lines, "time_unit:"))
            return TRUE;
        /* What other tools of the family write behind "cmd:", and what follows where the line is missing. */
        if (starts_with(lines, "events:") || starts_with(lines, "#-----------"))
            break;
        *end = lines->text + lines->length;
        if (!massif_lines_next(lines, error))
            return FALSE;
    }
    if (first.ended || is_cut_prefix(&first, "time_unit:"))
        return massif_lines_refuse(&first, error, "\"time_unit:\"");
    return massif_lines_refuse_format(&first, error, "\"time_unit:\"");
}

/* The current line is the first "desc:". */
static gboolean massif_read_header(MassifLines *lines, MassifSummary *summary, GError **error)
{
    const char *value, *end;
    g_autoptr(GString) description = g_string_new(NULL);
    do {
        if (!take_field(lines, "desc:", &value, &end, error))
            return FALSE;
        g_autofree char *text = copy_text(value, end);
        g_string_append_printf(description, "%s%s", description->len > 0 ? "\n" : "", text);
        if (!massif_lines_next(lines, error))
            return FALSE;
    } while (starts_with(lines, "desc:"));
    g_free(summary->description);
    summary->description = g_string_free(g_steal_pointer(&description), FALSE);

    if (!take_field(lines, "cmd:", &value, &end, error) || !massif_lines_next(lines, error) ||
        !find_time_unit(lines, &end, error))
        return FALSE;
    g_free(summary->command);
    summary->command = copy_text(value, end);

    if (!take_field(lines, "time_unit:", &value, &end, error))
        return FALSE;
    g_free(summary->time_unit);
    summary->time_unit = copy_text(value, end);
    if (summary->time_unit[0] == '\0')
        return massif_lines_refuse_format(lines, error, "\"time_unit:\" with a unit");
    return TRUE;
}

static gint64 total(const MassifSnapshot *snapshot)
{
    return snapshot->heap_bytes + snapshot->extra_bytes + snapshot->stacks_bytes;
}

static void summarise(MassifSummary *summary, const MassifSnapshot *snapshot)
{
    gboolean first = summary->snapshots++ == 0;
    if (snapshot->tree != MASSIF_TREE_EMPTY)
        summary->detailed++;
    if (snapshot->tree == MASSIF_TREE_PEAK) {
        summary->has_peak_marker = TRUE;
        summary->peak_marker = *snapshot;
    }
    if (first || total(snapshot) > total(&summary->max))
        summary->max = *snapshot;
    gboolean brings_tree = summary->max_heap.tree == MASSIF_TREE_EMPTY && snapshot->tree != MASSIF_TREE_EMPTY;
    if (first || snapshot->heap_bytes > summary->max_heap.heap_bytes ||
        (snapshot->heap_bytes == summary->max_heap.heap_bytes && brings_tree))
        summary->max_heap = *snapshot;
    summary->last = *snapshot;
}

/* Whether nothing but empty lines is left, the current line included. */
static gboolean only_blanks_left(const MassifLines *lines)
{
    for (const char *at = lines->text; at < lines->end; at++)
        if (strchr("\r\n \t", *at) == NULL || *at == '\0')
            return FALSE;
    return TRUE;
}

/* Reads snapshots up to the end of the file, or up to a header behind them. */
static gboolean massif_read_snapshots(MassifLines *lines, MassifSnapshotFunc each, gpointer user_data,
                                      MassifSummary *summary, GError **error)
{
    while (!lines->ended && !only_blanks_left(lines)) {
        MassifSnapshot snapshot;
        if (summary->time_unit == NULL && starts_with(lines, "desc:"))
            return TRUE;
        if (!read_snapshot(lines, &snapshot, error))
            return FALSE;
        summarise(summary, &snapshot);
        if (each != NULL)
            each(&snapshot, user_data);
        if (!massif_lines_next(lines, error))
            return FALSE;
    }
    if (summary->snapshots == 0)
        return massif_lines_refuse(lines, error, "a snapshot");
    return TRUE;
}

static gboolean read_last_header(MassifLines *lines, MassifSummary *summary, GError **error)
{
    if (!massif_read_header(lines, summary, error) || !massif_lines_next(lines, error))
        return FALSE;
    return lines->ended || only_blanks_left(lines) ||
           massif_lines_refuse_format(lines, error, "the end of the file behind the header");
}

gboolean massif_read(const char *bytes, gsize length, const char *name, MassifSnapshotFunc each,
                     gpointer user_data, MassifSummary *summary, GError **error)
{
    MassifLines lines;
    massif_lines_init(&lines, bytes, length, name);
    *summary = (MassifSummary){0};
    if (!massif_lines_next(&lines, error))
        return FALSE;
    /* heaptrack 1.4's export has its header behind the snapshots. */
    gboolean header_last = starts_with(&lines, "#-----------");
    if (!header_last && (!massif_read_header(&lines, summary, error) || !massif_lines_next(&lines, error)))
        return FALSE;
    if (!massif_read_snapshots(&lines, each, user_data, summary, error))
        return FALSE;
    return !header_last || read_last_header(&lines, summary, error);
}

void massif_summary_clear(MassifSummary *self)
{
    g_clear_pointer(&self->description, g_free);
    g_clear_pointer(&self->command, g_free);
    g_clear_pointer(&self->time_unit, g_free);
}

gboolean massif_recognise(const char *bytes, gsize length)
{
    MassifLines lines;
    massif_lines_init(&lines, bytes, length, "");
    if (!massif_lines_next(&lines, NULL))
        return FALSE;
    if (starts_with(&lines, "#-----------"))
        return massif_lines_next(&lines, NULL) && starts_with(&lines, "snapshot=");
    const char *end;
    while (starts_with(&lines, "desc:"))
        if (!massif_lines_next(&lines, NULL))
            return FALSE;
    return lines.number > 1 && starts_with(&lines, "cmd:") && massif_lines_next(&lines, NULL) &&
           find_time_unit(&lines, &end, NULL);
}
