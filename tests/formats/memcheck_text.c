#include "memcheck_text.h"

#include <string.h>

#include "runner.h"

static void see_error(const MemcheckError *error, gpointer user_data)
{
    GString *seen = user_data;
    g_string_append_printf(
        seen, "%s %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT " x%" G_GINT64_FORMAT " check %u%s:", error->kind,
        error->bytes, error->blocks, error->count, error->leak_check,
        error->superseded ? ", superseded" : "");
    for (guint i = 0; i < error->n_frames; i++)
        g_string_append_printf(seen, " %s@%s:%u", error->frames[i].function, error->frames[i].file,
                               error->frames[i].line);
    g_string_append_c(seen, '\n');
}

static void see_message(const char *text, gpointer user_data)
{
    g_string_append_printf(user_data, "[%s]\n", text);
}

Read memcheck_read_bytes(const char *bytes, gsize length)
{
    static const MemcheckHandler handler = {see_error, see_message};
    Read result = {.seen = g_string_new(NULL)};
    /* A copy of the exact size lets the sanitizers see a step beyond the end. */
    g_autofree char *exact = g_memdup2(bytes, MAX(length, 1));
    result.good =
        memcheck_read(exact, length, "x.xml", &handler, result.seen, &result.summary, &result.error);
    ck_assert(result.good == (result.error == NULL));
    return result;
}

Read memcheck_read_text(const char *text)
{
    return memcheck_read_bytes(text, strlen(text));
}

void read_clear(Read *self)
{
    g_string_free(self->seen, TRUE);
    g_clear_error(&self->error);
    memcheck_summary_clear(&self->summary);
}

void expect_seen(Read *self, const char *seen)
{
    ck_assert_msg(self->good, "%s", self->error != NULL ? self->error->message : "");
    ck_assert_str_eq(self->seen->str, seen);
}

void expect_error(Read *self, int code, const char *message)
{
    ck_assert(!self->good);
    ck_assert_msg(self->error->code == code, "%d: %s", self->error->code, self->error->message);
    ck_assert_str_eq(self->error->message, message);
}

void expect_kind(const Read *self, guint index, const char *name, gint64 count, gint64 bytes, gint64 blocks)
{
    ck_assert_uint_lt(index, self->summary.kinds->len);
    const MemcheckKind *kind = g_ptr_array_index(self->summary.kinds, index);
    ck_assert_str_eq(kind->kind, name);
    ck_assert_int_eq(kind->count, count);
    ck_assert_int_eq(kind->bytes, bytes);
    ck_assert_int_eq(kind->blocks, blocks);
}
