/* One packet as it came on a connection to the collector, with the descriptor that it carried. */
#ifndef HEAPGATE_RUN_COLLECTOR_MESSAGE_H
#define HEAPGATE_RUN_COLLECTOR_MESSAGE_H

#include <glib.h>

typedef struct {
    char bytes[512];
    gssize length; /* 0: the other side closed the connection */
    int fd;        /* -1: it carried none */
    gboolean lost; /* it carried one, for which there was no room */
} Message;

/* Takes a packet off the connection; FALSE: there is none yet. Its descriptor is the caller's: take it, or
 * message_clear. */
gboolean message_receive(Message *self, int connection);
void message_clear(Message *self);

#endif
