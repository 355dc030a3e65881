/* A workplace: the fresh folders of one run, always of the same path length, gone afterwards. */
#ifndef HEAPGATE_RUN_WORKPLACE_H
#define HEAPGATE_RUN_WORKPLACE_H

#include <glib.h>

#include "owned_folder.h"
#include "scenario/scenario.h"

typedef struct {
    OwnedFolder folder;
    char *work;   /* the program's working directory and home */
    char *output; /* for the instrument's files */
    char *stdout_path;
    char *stderr_path;
} Workplace;

/* Makes the folders and links the scenario's files into the working directory. (transfer full).
 * Errors: HEAPGATE_ERROR_BROKEN. */
Workplace *workplace_new(const Scenario *scenario, GError **error);
/* Removes the folders with all they hold. NULL is fine. */
void workplace_free(Workplace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Workplace, workplace_free)

/* Copies the instrument's files and what the program wrote to `target` (made anew), for a person to look at;
 * mark files and what is larger than 64 MiB left out. Failing to is no error: the verdict does not depend on
 * it. */
void workplace_keep(const Workplace *self, const char *target);

/* What is neither a file nor a folder where heapgate reads the instrument's files and what the program wrote,
 * as seen from the workplace, "output/massif.1.out"; NULL: nothing. Whoever opens a pipe may wait for ever, a
 * device may never end, and only the program or what prepares it can have put them there. So this is to be
 * asked when a process has ended, before anything is read. own_pipes: as in Launch: pipes of such a name in
 * the instrument's folder are not foreign, and nobody opens them. (transfer full). */
char *workplace_find_foreign(const Workplace *self, const char *own_pipes);

/* The last lines of what the program wrote to standard error, for a message; "" where nothing; (transfer
 * full). */
char *workplace_last_words(const Workplace *self);

#endif
