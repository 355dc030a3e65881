/* One datagram as it came to the collector's socket, with what the kernel says of it. */
#ifndef HEAPGATE_RUN_COLLECTOR_MESSAGE_H
#define HEAPGATE_RUN_COLLECTOR_MESSAGE_H

#include <glib.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { MESSAGE_MOST_DESCRIPTORS = 8 };

typedef struct {
    char bytes[256];
    gssize length;
    gint64 pid; /* the sender's, as the kernel says; 0: it does not */
    int fds[MESSAGE_MOST_DESCRIPTORS];
    guint n_fds;
    struct sockaddr_un sender;
    socklen_t sender_length;
} Message;

/* Takes a message off the socket, which has SO_PASSCRED; FALSE where there is none now. Its descriptors are
 * the caller's to close: message_clear. */
gboolean message_receive(Message *self, int socket);
/* Closes the descriptors. */
void message_clear(Message *self);

#endif
