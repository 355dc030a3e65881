/* What `heapgate show` does with a file, for other commands. */
#ifndef HEAPGATE_CMD_SHOW_H
#define HEAPGATE_CMD_SHOW_H

#include "input.h"
#include "view/view.h"

/* Prints a file that a view recognises. Returns the exit status; with error set it is the error's. */
int show_file(const Input *input, const ViewOptions *options, GError **error);

#endif
