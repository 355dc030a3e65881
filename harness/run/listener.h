/* Where traced processes find the collector: the two sockets of an address (instrument/heap_socket.h).
 *
 * Each packet comes on a connection of its own. Whoever connects never waits: connections and what was sent
 * on them lie in the kernel until they are taken. */
#ifndef HEAPGATE_RUN_LISTENER_H
#define HEAPGATE_RUN_LISTENER_H

#include <glib.h>

#include "collector_message.h"

typedef struct Listener Listener;

/* address: as heap_socket_address makes it. (transfer full). Errors: HEAPGATE_ERROR_BROKEN. */
Listener *listener_new(const char *address, GError **error);
void listener_free(Listener *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)

/* Adds what is to be waited for, struct pollfd, to the array; nothing where no descriptor is free for a
 * connection: then somebody has to give one back first. */
void listener_add_polls(Listener *self, GArray *polls);

/* pid: whose connection it is, as the kernel says; 0: it does not. connection: may be answered on. */
typedef void (*ListenerFunc)(Message *message, gint64 pid, int connection, gpointer user_data);
/* Takes what is there, or much of it, in the order in which the senders connected. FALSE: nobody had. */
gboolean listener_take(Listener *self, ListenerFunc func, gpointer user_data);

/* Is this the key? key: of a packet, need not end. */
gboolean listener_knows(const Listener *self, const char *key, gsize size);

#endif
