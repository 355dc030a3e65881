#include "memcheck_leak_check.h"

#include <string.h>

/* Reads digits and the commas between them; NULL where there are none or too many. */
static const char *scan_number(const char *text, gint64 *value)
{
    gint64 sum = 0;
    if (!g_ascii_isdigit(*text))
        return NULL;
    for (; g_ascii_isdigit(*text) || (*text == ',' && g_ascii_isdigit(text[1])); text++) {
        if (*text == ',')
            continue;
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, *text - '0', &sum))
            return NULL;
    }
    *value = sum;
    return text;
}

gboolean leak_check_parse_number(const char *text, gint64 *value)
{
    const char *end = scan_number(text, value);
    return end != NULL && *end == '\0';
}

void leak_checks_option(LeakChecks *self, const char *option)
{
    static const char name[] = "--leak-check=";
    if (g_str_has_prefix(option, name)) {
        const char *value = option + sizeof name - 1;
        self->at_exit = strcmp(value, "full") == 0 || strcmp(value, "yes") == 0;
    }
}

gboolean leak_checks_finished(LeakChecks *self)
{
    /* Whatever comes now is of another check; where it is certain that there is one, it has begun. */
    self->any = self->begun = self->at_exit;
    self->interrupted = TRUE;
    return self->at_exit;
}

void leak_checks_message(LeakChecks *self)
{
    self->interrupted = TRUE;
}

static gboolean parse_record(const char *what, gint64 *record, gint64 *records)
{
    static const char mark[] = "in loss record ";
    const char *at = what != NULL ? strstr(what, mark) : NULL;
    if (at == NULL || (at = scan_number(at + sizeof mark - 1, record)) == NULL ||
        !g_str_has_prefix(at, " of "))
        return FALSE;
    return scan_number(at + strlen(" of "), records) != NULL;
}

gboolean leak_checks_is_new(LeakChecks *self, const char *what, gboolean has_unique, guint64 unique)
{
    gint64 record = 0, records = 0;
    gboolean numbered = parse_record(what, &record, &records), has_base = numbered && has_unique;
    guint64 base = unique - (guint64)record;
    gboolean fresh;
    if (self->begun)
        fresh = FALSE;
    else if (has_base && self->has_base)
        fresh = base != self->base || records != self->records;
    else
        fresh = self->interrupted || (numbered && (record <= self->record || records != self->records));
    fresh = fresh || !self->any;
    self->begun = FALSE;
    self->any = TRUE;
    self->interrupted = FALSE;
    self->has_base = has_base;
    self->base = base;
    self->record = record;
    self->records = records;
    return fresh;
}
