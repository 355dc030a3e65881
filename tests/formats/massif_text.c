#include "massif_text.h"

#include <string.h>

#include "runner.h"

gboolean massif_read_text(const char *text, MassifSummary *summary, GError **error)
{
    return massif_read(text, strlen(text), "m.out", NULL, NULL, summary, error);
}

void massif_read_well(const char *text, MassifSummary *summary)
{
    g_autoptr(GError) error = NULL;
    ck_assert_msg(massif_read_text(text, summary, &error), "%s", error != NULL ? error->message : "");
}

void expect_refusal(const char *text, HeapgateError code, const char *message)
{
    MassifSummary summary;
    g_autoptr(GError) error = NULL;
    ck_assert_msg(!massif_read_text(text, &summary, &error), "accepted, not refused: %s", message);
    ck_assert_str_eq(error->message, message);
    ck_assert_int_eq(error->code, (int)code);
    massif_summary_clear(&summary);
}
