/* Formats a baseline by libyaml's emitter, and writes it to the disk. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "baseline.h"
#include "error.h"
#include "model/units.h"

/* A document under construction. */
typedef struct {
    yaml_document_t document;
    int root;
} Writer;

/* The emitter accepts only UTF-8. */
static int add_text(Writer *writer, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return yaml_document_add_scalar(&writer->document, NULL, (const yaml_char_t *)valid, -1,
                                    YAML_ANY_SCALAR_STYLE);
}

static void put_node(Writer *writer, int mapping, const char *key, int value)
{
    yaml_document_append_mapping_pair(&writer->document, mapping, add_text(writer, key), value);
}

static void put_text(Writer *writer, int mapping, const char *key, const char *text)
{
    if (text != NULL)
        put_node(writer, mapping, key, add_text(writer, text));
}

static void put_number(Writer *writer, int mapping, const char *key, gint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    put_text(writer, mapping, key, text);
}

static int add_mapping(Writer *writer)
{
    return yaml_document_add_mapping(&writer->document, NULL, YAML_BLOCK_MAPPING_STYLE);
}

static int add_environment(Writer *writer, const Environment *environment)
{
    int mapping = add_mapping(writer);
    put_text(writer, mapping, "platform", environment->platform);
    put_text(writer, mapping, "architecture", environment->architecture);
    put_text(writer, mapping, "libc", environment->libc);
    put_text(writer, mapping, "python", environment->python);
    if (environment->processors > 0)
        put_number(writer, mapping, "processors", environment->processors);
    return mapping;
}

static int add_captured(Writer *writer, const Baseline *self)
{
    int mapping = add_mapping(writer);
    put_text(writer, mapping, "at", self->captured_at);
    put_text(writer, mapping, "commit", self->commit);
    put_text(writer, mapping, "reason", self->reason);
    return mapping;
}

static int add_sites(Writer *writer, MetricUnit unit, CallSites *sites, const SiteSizes *slacks)
{
    int sequence = yaml_document_add_sequence(&writer->document, NULL, YAML_BLOCK_SEQUENCE_STYLE);
    call_sites_sort(sites);
    for (guint i = 0; i < call_sites_count(sites); i++) {
        const CallSite *site = call_sites_get(sites, i);
        int mapping = add_mapping(writer);
        put_number(writer, mapping, unit == METRIC_UNIT_COUNT ? "count" : "bytes", site->bytes);
        if (site->blocks > 0)
            put_number(writer, mapping, "blocks", site->blocks);
        gint64 slack = 0;
        if (site_sizes_find(slacks, site_sizes_hash(site->key), &slack))
            put_number(writer, mapping, "slack", slack);
        put_text(writer, mapping, "stack", site->key);
        yaml_document_append_sequence_item(&writer->document, sequence, mapping);
    }
    return sequence;
}

/* An empty text means that there are no such sites; a missing key means that nothing is known. */
static void put_sizes(Writer *writer, int mapping, const char *key, const SiteSizes *sizes)
{
    if (sizes == NULL)
        return;
    g_autofree char *text = site_sizes_format(sizes);
    yaml_scalar_style_t style = *text != '\0' ? YAML_LITERAL_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    put_node(writer, mapping, key,
             yaml_document_add_scalar(&writer->document, NULL, (const yaml_char_t *)text, -1, style));
}

static int add_figure(Writer *writer, const BaselineFigure *figure)
{
    int mapping = add_mapping(writer);
    put_number(writer, mapping, "value", figure->value);
    put_number(writer, mapping, "spread", figure->spread);
    if (figure->highest > figure->value)
        put_number(writer, mapping, "highest", figure->highest);
    if (figure->sites != NULL && (call_sites_count(figure->sites) > 0 || figure->cutoff_bytes > 0)) {
        put_number(writer, mapping, "cutoff", figure->cutoff_bytes);
        put_node(writer, mapping, "call_sites",
                 add_sites(writer, metric_get(figure->metric)->unit, figure->sites, figure->slack));
    }
    if (figure->value != 0) /* a figure of 0 has no call sites */
        put_sizes(writer, mapping, "other_sites", figure->others);
    put_sizes(writer, mapping, "doubtful_sites", figure->doubtful);
    return mapping;
}

static int add_instrument(Writer *writer, const BaselineInstrument *self)
{
    int mapping = add_mapping(writer), metrics = add_mapping(writer);
    put_text(writer, mapping, "tool", self->tool);
    put_number(writer, mapping, "runs", self->runs);
    if (self->left_out > 0)
        put_number(writer, mapping, "left_out", self->left_out);
    if (self->bound > 0)
        put_number(writer, mapping, "sees", self->bound);
    g_autofree char *duration = g_strdup_printf("%" G_GINT64_FORMAT " ms", self->duration_us / 1000);
    put_text(writer, mapping, "duration", duration);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        const BaselineFigure *figure = baseline_instrument_find(self, metric->id);
        if (figure != NULL)
            put_node(writer, metrics, metric->name, add_figure(writer, figure));
    }
    put_node(writer, mapping, "metrics", metrics);
    return mapping;
}

static int append_output(void *data, unsigned char *bytes, size_t size)
{
    g_string_append_len(data, (const char *)bytes, (gssize)size);
    return 1;
}

static int by_instrument(gconstpointer a, gconstpointer b)
{
    const BaselineInstrument *one = *(const BaselineInstrument *const *)a,
                             *two = *(const BaselineInstrument *const *)b;
    return strcmp(one->instrument, two->instrument);
}

static void add_baseline(Writer *writer, const Baseline *self)
{
    writer->root = add_mapping(writer);
    put_number(writer, writer->root, "format", BASELINE_FORMAT);
    put_text(writer, writer->root, "scenario", self->scenario);
    put_node(writer, writer->root, "environment", add_environment(writer, self->environment));
    put_node(writer, writer->root, "captured", add_captured(writer, self));
    int instruments = add_mapping(writer);
    g_ptr_array_sort(self->instruments, by_instrument);
    for (guint i = 0; i < self->instruments->len; i++) {
        const BaselineInstrument *instrument = g_ptr_array_index(self->instruments, i);
        put_node(writer, instruments, instrument->instrument, add_instrument(writer, instrument));
    }
    put_node(writer, writer->root, "instruments", instruments);
}

char *baseline_format(const Baseline *self)
{
    Writer writer = {0};
    yaml_emitter_t emitter;
    GString *text =
        g_string_new("# Written by `heapgate update`. Review it as you review code: these numbers are what "
                     "later runs are held to.\n");
    /* An explicit end ("..."), so that a reader notices a file that was cut off. */
    yaml_document_initialize(&writer.document, NULL, NULL, NULL, TRUE, FALSE);
    add_baseline(&writer, self);
    yaml_emitter_initialize(&emitter);
    yaml_emitter_set_output(&emitter, append_output, text);
    yaml_emitter_set_unicode(&emitter, TRUE);
    yaml_emitter_set_width(&emitter, -1);
    /* yaml_emitter_dump frees the document. */
    yaml_emitter_open(&emitter);
    yaml_emitter_dump(&emitter, &writer.document);
    yaml_emitter_close(&emitter);
    yaml_emitter_delete(&emitter);
    return g_string_free(text, FALSE);
}

gboolean baseline_save(const Baseline *self, const char *path, GError **error)
{
    g_autofree char *text = baseline_format(self);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GError) cause = NULL;
    GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE;
    if (g_mkdir_with_parents(folder, 0777) == 0 &&
        g_file_set_contents_full(path, text, (gssize)strlen(text), flags, 0666, &cause))
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "%s cannot be written (%s); what was there before is unchanged", path,
                cause != NULL ? cause->message : g_strerror(errno));
    return FALSE;
}
