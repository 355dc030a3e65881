#include "checkup.h"

void checkup_found(const char *what, const char *detail)
{
    g_print("ok       %s: %s\n", what, detail);
}

void checkup_missing(Checkup *self, const char *what, const char *detail, const char *mend)
{
    self->wrong++;
    g_print("MISSING  %s: %s\n         mend: %s\n", what, detail, mend);
}

void checkup_note(const char *what, const char *detail, const char *mend)
{
    g_print("note     %s: %s\n         if you need it: %s\n", what, detail, mend);
}
