/* Where the tracer and `heapgate mark` find the heapgate that holds the ledgers: an address "PATH#KEY", told
 * by LEDGER_SOCKET_VARIABLE. At PATH there is a socket, and one of the same name among the abstract ones,
 * which processes find that have other privileges, another root or another /tmp. */
#ifndef HEAPGATE_INSTRUMENT_HEAP_SOCKET_H
#define HEAPGATE_INSTRUMENT_HEAP_SOCKET_H

#include <glib.h>
#include <sys/un.h>

/* A new one, in this folder, with a key that nobody can guess; (transfer full). */
char *heap_socket_address(const char *folder);
/* Its path; (transfer full). And its key; (transfer none). */
char *heap_socket_path(const char *address);
const char *heap_socket_key(const char *address);

/* Fills what the system calls an address, for that path. Returns its size; 0: the path is too long. */
socklen_t heap_socket_fill(struct sockaddr_un *system, const char *path, gboolean abstract);
/* A socket that is connected there, or -1 with errno. */
int heap_socket_connect(const char *address);

#endif
