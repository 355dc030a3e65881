/* The name that a module (a library or a program) has in the keys of call sites.
 *
 * It is the last part of its path without the version that an upgrade changes: "libsqlite3.so" for
 * "/usr/lib/libsqlite3.so.0.8.6". A program that unpacks its libraries makes names up, others in each run.
 * Whether a name may be made up the folder says, never the name alone:
 *
 *   path                                          in keys
 *   /opt/app/libfoo-1.so                          libfoo-1.so
 *   /tmp/unpacked-1.so, /tmp/unpackedXy3Zab       temporary module
 *   /proc/self/fd/7, /memfd:a8F3 (deleted)        temporary module
 *   /tmp/libfoo.so, /tmp/libpython3.12.so.1.0     libfoo.so, libpython3.12.so
 *   /tmp/_MEIa1b2/libfoo.so                       libfoo.so
 *   /tmp/app/unpacked-1.so                        unpacked-*.so
 *   /tmp/x/jna8290380123.tmp                      jna*.tmp
 *   /opt/app/unpacked-1.so (deleted)              unpacked-*.so
 *   /tmp/x/foo.cpython-312-x86_64-linux-gnu.so    foo.cpython-312-x86_64-linux-gnu.so
 *
 * Directly in a temporary folder (/tmp, /var/tmp, /dev/shm, $TMPDIR; memory files) a name must be unlike all
 * others there: with a digit or a capital it is one that nobody chose. In a folder below it, the working
 * folder of a run too, and of what was deleted, only what cannot be chosen is left out: a number of its own
 * behind '-' or '_', four digits in a row, hexadecimal words of eight letters and more, UUIDs. What is a part
 * of a version ("3.12") or a tag of Python's stays. */
#ifndef HEAPGATE_MODEL_MODULE_NAME_H
#define HEAPGATE_MODEL_MODULE_NAME_H

#include <glib.h>

/* Appends the name of the module at this path. */
void module_name_append(GString *text, const char *path);

#endif
