/* The error domain of the whole program.
 *
 * An error means that something asked for could not be done. A leak is never an error: it is a verdict.
 * Every message is one sentence that says where, what was expected, what was found and what to do. */
#ifndef HEAPGATE_ERROR_H
#define HEAPGATE_ERROR_H

#include <glib.h>

typedef enum {
    HEAPGATE_ERROR_USAGE,     /* the command line is wrong: exit status 2 */
    HEAPGATE_ERROR_CONFIG,    /* a scenario, baseline or configuration file is wrong: exit status 2 */
    HEAPGATE_ERROR_FORMAT,    /* a foreign file is not what it should be: exit status 2 */
    HEAPGATE_ERROR_TRUNCATED, /* a foreign file was cut off; what could be read was read: exit status 3 */
    HEAPGATE_ERROR_BROKEN,    /* something could not be measured: exit status 3 */
} HeapgateError;

#define HEAPGATE_ERROR (heapgate_error_quark())
GQuark heapgate_error_quark(void);

#endif
