/* The name that a module (a library or a program) has in the keys of call sites.
 *
 * It is the base name of the module's path without the version, which upgrades change: "libsqlite3.so" for
 * "/usr/lib/libsqlite3.so.0.8.6". A program that unpacks its libraries at run time makes up new names in each
 * run; these are replaced, so that the key stays the same. A name counts as made up only in some folders:
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
 * Directly in a temporary folder (/tmp, /var/tmp, /dev/shm, $TMPDIR) and of files in memory, any name with a
 * digit or a capital letter is made up, because it had to differ from all others there. In folders below a
 * temporary one (the working folder of a run is such) and of deleted files, only parts of the name are
 * replaced by '*': a number between separators, four digits or more in a row, hexadecimal words of eight
 * characters or more, UUIDs. Versions ("3.12") and Python's tags stay. */
#ifndef HEAPGATE_MODEL_MODULE_NAME_H
#define HEAPGATE_MODEL_MODULE_NAME_H

#include <glib.h>

/* Appends the name of the module at this path, which may end in the kernel's " (deleted)", to the text. */
void module_name_append(GString *text, const char *path);

#endif
