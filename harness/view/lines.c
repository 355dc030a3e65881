#include "lines.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "report/text/columns.h"
#include "formats/ledger/ledger_python.h"
#include "formats/ledger/ledger_sites.h"
#include "model/frame_kind.h"
#include "model/units.h"
#include "report/text/source_text.h"
#include "model/text.h"

enum { CLOSE_BY = 6 }; /* lines that are at most so far apart are shown with those between them */

typedef struct {
    gint64 allocated_bytes, allocated_blocks, kept_bytes, kept_blocks, peak_bytes;
} Counts;

typedef struct {
    guint line;
    guint64 last_site; /* the last site that was added: in a recursion the line is in a stack several times */
    Counts whole;      /* of all sites whose stacks have the line */
    Counts own;        /* of the sites that the line owns (owner_of) */
} Line;

typedef struct {
    const char *name, *file; /* the ledger's */
    GHashTable *lines;       /* line -> Line, owned */
    gint64 allocated_bytes;
} Function;

typedef struct {
    GPatternSpec *pattern;
    GHashTable *functions; /* "NAME\nFILE" -> Function */
    GHashTable *matches;   /* address of a name, which is the ledger's -> 1: it matches; 2: it does not */
} LineSearch;

static void function_free(gpointer data)
{
    Function *function = data;
    g_hash_table_unref(function->lines);
    g_free(function);
}

/* A function's name without its class, namespace or module, and without arguments; (transfer full). */
static char *last_part(const char *name)
{
    g_autofree char *plain = g_strndup(name, strcspn(name, "("));
    const char *dot = strrchr(plain, '.'), *colon = strrchr(plain, ':');
    const char *last = dot != NULL && (colon == NULL || dot > colon) ? dot : colon;
    return g_strdup(last != NULL ? last + 1 : plain);
}

static gboolean name_matches(LineSearch *self, const char *name)
{
    gpointer known = g_hash_table_lookup(self->matches, name);
    if (known == NULL) {
        g_autofree char *last = last_part(name);
        gboolean matches = g_pattern_spec_match_string(self->pattern, name) ||
                           g_pattern_spec_match_string(self->pattern, last);
        known = GINT_TO_POINTER(matches ? 1 : 2);
        g_hash_table_insert(self->matches, (gpointer)name, known);
    }
    return GPOINTER_TO_INT(known) == 1;
}

static Function *function_of(LineSearch *self, const Frame *frame)
{
    const char *file = frame->file != NULL ? frame->file : "";
    g_autofree char *key = g_strconcat(frame->function, "\n", file, NULL);
    Function *function = g_hash_table_lookup(self->functions, key);
    if (function == NULL) {
        function = g_new0(Function, 1);
        function->name = frame->function;
        function->file = file;
        function->lines = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        g_hash_table_insert(self->functions, g_steal_pointer(&key), function);
    }
    return function;
}

static Line *line_of(Function *function, guint number)
{
    Line *line = g_hash_table_lookup(function->lines, GUINT_TO_POINTER(number));
    if (line == NULL) {
        line = g_new0(Line, 1);
        line->line = number;
        g_hash_table_insert(function->lines, GUINT_TO_POINTER(number), line);
    }
    return line;
}

static void add_counts(Counts *sum, const Counts *counts)
{
    sum->allocated_bytes += counts->allocated_bytes;
    sum->allocated_blocks += counts->allocated_blocks;
    sum->kept_bytes += counts->kept_bytes;
    sum->kept_blocks += counts->kept_blocks;
    sum->peak_bytes += counts->peak_bytes;
}

/* The frame that owns an allocation: the innermost one of Python or, in a stack without Python, the innermost
 * one with a line. frames->len where there is none. */
static guint owner_of(const GArray *frames)
{
    guint with_line = frames->len;
    for (guint i = 0; i < frames->len; i++) {
        const Frame *frame = &g_array_index(frames, Frame, i);
        if (frame_kind_is_python(frame->kind))
            return i;
        if (with_line == frames->len && frame->line > 0)
            with_line = i;
    }
    return with_line;
}

static void add_site(LineSearch *self, const GArray *frames, guint site, const Counts *counts)
{
    guint owner = owner_of(frames);
    for (guint i = 0; i < frames->len; i++) {
        const Frame *frame = &g_array_index(frames, Frame, i);
        if (frame->function == NULL || !name_matches(self, frame->function))
            continue;
        Function *function = function_of(self, frame);
        Line *line = line_of(function, frame->line);
        if (i == owner)
            add_counts(&line->own, counts);
        if (line->last_site == site)
            continue;
        line->last_site = site;
        add_counts(&line->whole, counts);
        function->allocated_bytes += counts->allocated_bytes;
    }
}

/* What is retained of each site, by its index; (transfer full). */
static Counts *kept_of(const Ledger *ledger)
{
    Counts *kept = g_new0(Counts, ledger->sites->len + 1);
    for (guint i = 0; i < ledger->kept->len; i++) {
        const LedgerEndRecord *record = &g_array_index(ledger->kept, LedgerEndRecord, i);
        /* The ledger was checked: sites are in range, and sizes below 2^48. */
        kept[record->site].kept_bytes += record->bytes;
        kept[record->site].kept_blocks += record->blocks;
    }
    return kept;
}

/* Clamped, so that sums over all sites do not overflow. */
static gint64 summable(guint64 number)
{
    return (gint64)MIN(number, (guint64)G_MAXINT64 / LEDGER_SITES);
}

static void add_ledger(LineSearch *self, const Ledger *ledger)
{
    g_autofree Counts *kept = kept_of(ledger);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    for (guint i = 1; i < ledger->sites->len; i++) {
        const LedgerSiteCounts *site = &g_array_index(ledger->sites, LedgerSiteCounts, i);
        Counts counts = kept[i];
        if (site->kind != LEDGER_SITE_HEAP)
            continue;
        counts.allocated_bytes = summable(site->total_bytes);
        counts.allocated_blocks = summable(site->total_blocks);
        counts.peak_bytes = site->peak_bytes;
        g_array_set_size(frames, 0);
        ledger_add_frames(ledger, site->node, LEDGER_DEEPEST, frames);
        add_site(self, frames, i, &counts);
    }
}

static int by_number(gconstpointer a, gconstpointer b)
{
    guint one = (*(const Line *const *)a)->line, two = (*(const Line *const *)b)->line;
    return one < two ? -1 : one > two;
}

static int by_allocated(gconstpointer a, gconstpointer b)
{
    const Function *one = *(const Function *const *)a, *two = *(const Function *const *)b;
    if (one->allocated_bytes != two->allocated_bytes)
        return one->allocated_bytes > two->allocated_bytes ? -1 : 1;
    return g_strcmp0(one->name, two->name);
}

/* The values of a table in this order; (transfer container). */
static GPtrArray *sorted_values(GHashTable *table, GCompareFunc order)
{
    GPtrArray *values = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(values, value);
    g_ptr_array_sort(values, order);
    return values;
}

static void add_bytes(Columns *columns, gint64 bytes)
{
    g_autofree char *text = bytes != 0 ? units_format_bytes(bytes) : g_strdup("");
    columns_add(columns, text, NULL);
}

/* line: NULL: nothing was allocated on it. */
static void add_row(Columns *columns, guint number, const Line *line, const char *source)
{
    g_autofree char *at = number > 0 ? g_strdup_printf("%u", number) : g_strdup("?");
    g_autofree char *text = text_line(source);
    columns_begin(columns);
    columns_add(columns, at, NULL);
    add_bytes(columns, line != NULL ? line->whole.allocated_bytes : 0);
    g_autofree char *blocks =
        line != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, line->whole.allocated_blocks) : g_strdup("");
    columns_add(columns, blocks, NULL);
    add_bytes(columns, line != NULL ? line->whole.kept_bytes : 0);
    add_bytes(columns, line != NULL ? line->whole.peak_bytes : 0);
    columns_add(columns, text, NULL);
}

static void add_header(Columns *columns)
{
    static const char *const titles[] = {"line", "allocated", "blocks", "retained", "at peak", "source"};
    columns_begin(columns);
    for (gsize i = 0; i < G_N_ELEMENTS(titles); i++)
        columns_add(columns, titles[i], NULL);
}

static void append_function(const Function *function, const char *folder, GString *output)
{
    g_autoptr(Columns) columns = columns_new("  ", "  ");
    g_autoptr(SourceText) source = source_text_open(folder, function->file);
    g_autoptr(GPtrArray) lines = sorted_values(function->lines, by_number);
    g_autofree char *name = text_line(function->name), *file = text_line(function->file);
    g_string_append_printf(output, "%s  %s\n", name, *file != '\0' ? file : "(source not known)");
    add_header(columns);
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = g_ptr_array_index(lines, i);
        const Line *before = i > 0 ? g_ptr_array_index(lines, i - 1) : NULL;
        if (before != NULL && source != NULL && line->line - before->line <= CLOSE_BY)
            for (guint between = before->line + 1; between < line->line; between++)
                add_row(columns, between, NULL, source_text_line(source, between));
        add_row(columns, line->line, line, source_text_line(source, line->line));
    }
    g_autofree char *table = columns_render(columns);
    g_string_append(output, table);
}

static void add_json_counts(JsonBuilder *builder, const char *name, const Counts *counts)
{
    const struct {
        const char *key;
        gint64 value;
    } members[] = {{"allocated_bytes", counts->allocated_bytes},
                   {"allocated_blocks", counts->allocated_blocks},
                   {"retained_bytes", counts->kept_bytes},
                   {"retained_blocks", counts->kept_blocks},
                   {"peak_bytes", counts->peak_bytes}};
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        json_builder_set_member_name(builder, members[i].key);
        json_builder_add_int_value(builder, members[i].value);
    }
    json_builder_end_object(builder);
}

static void add_json_line(JsonBuilder *builder, const Function *function, const Line *line)
{
    g_autofree char *name = text_line(function->name), *file = text_line(function->file);
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "function");
    json_builder_add_string_value(builder, name);
    json_builder_set_member_name(builder, "file");
    json_builder_add_string_value(builder, file);
    json_builder_set_member_name(builder, "line");
    json_builder_add_int_value(builder, line->line);
    add_json_counts(builder, "whole", &line->whole);
    add_json_counts(builder, "own", &line->own);
    json_builder_end_object(builder);
}

static void append_json(const GPtrArray *functions, GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < functions->len; i++) {
        const Function *function = g_ptr_array_index(functions, i);
        g_autoptr(GPtrArray) lines = sorted_values(function->lines, by_number);
        for (guint l = 0; l < lines->len; l++)
            add_json_line(builder, function, g_ptr_array_index(lines, l));
    }
    json_builder_end_array(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, FALSE);
    g_string_append_printf(output, "%s\n", text);
}

guint lines_append(const Ledger *ledger, const char *pattern, const char *source, gboolean json,
                   GString *output)
{
    LineSearch search = {
        .pattern = g_pattern_spec_new(pattern),
        .functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, function_free),
        .matches = g_hash_table_new(NULL, NULL),
    };
    add_ledger(&search, ledger);
    g_autoptr(GPtrArray) functions = sorted_values(search.functions, by_allocated);
    if (json)
        append_json(functions, output);
    for (guint i = 0; i < functions->len && !json; i++) {
        if (i > 0)
            g_string_append_c(output, '\n');
        append_function(g_ptr_array_index(functions, i), source, output);
    }
    guint count = functions->len;
    g_hash_table_unref(search.functions);
    g_hash_table_unref(search.matches);
    g_pattern_spec_free(search.pattern);
    return count;
}
