/* What heapgate brings along, found from where its program is: in the build tree or where `make install` puts
 * it. No other place is tried. */
#ifndef HEAPGATE_INSTRUMENT_INSTALLED_H
#define HEAPGATE_INSTRUMENT_INSTALLED_H

#include <glib.h>

/* The absolute path of a file or folder. what: its name in the message. built, installed: where it may be, as
 * seen from the folder of the running program. (transfer full). Errors: HEAPGATE_ERROR_BROKEN. */
char *installed_find(const char *what, const char *built, const char *installed, GError **error);

#endif
