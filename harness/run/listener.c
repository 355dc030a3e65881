#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "instrument/heap_socket.h"

enum {
    WAITING = 4096, /* connections that may wait; the kernel may allow fewer */
    RESERVED = 2,   /* descriptors kept free: for a connection, and for what comes on it */
    AT_ONCE = 256,  /* packets taken before anything else is looked at */
};

typedef struct {
    int fd;
    gint64 pid;
} Connection;

struct Listener {
    char *path, *key;
    int sockets[2]; /* abstract, path */
    int reserve[RESERVED];
    GArray *connections; /* Connection, whose packets have not come yet */
};

static int listen_at(const char *path, gboolean abstract)
{
    struct sockaddr_un address;
    socklen_t size = heap_socket_fill(&address, path, abstract);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (size == 0)
        errno = ENAMETOOLONG;
    if (size > 0 && fd >= 0 && bind(fd, (const struct sockaddr *)&address, size) == 0 &&
        listen(fd, WAITING) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

/* Fills the reserve as far as it goes; TRUE: it is full. */
static gboolean reserve_fill(Listener *self)
{
    gboolean full = TRUE;
    for (guint i = 0; i < RESERVED; i++) {
        if (self->reserve[i] < 0)
            self->reserve[i] = fcntl(self->sockets[0], F_DUPFD_CLOEXEC, 0);
        full = full && self->reserve[i] >= 0;
    }
    return full;
}

static void reserve_free(Listener *self)
{
    for (guint i = 0; i < RESERVED; i++) {
        if (self->reserve[i] >= 0)
            close(self->reserve[i]);
        self->reserve[i] = -1;
    }
}

Listener *listener_new(const char *address, GError **error)
{
    g_autoptr(Listener) self = g_new0(Listener, 1);
    self->path = heap_socket_path(address);
    self->key = g_strdup(heap_socket_key(address));
    self->connections = g_array_new(FALSE, FALSE, sizeof(Connection));
    memset(self->reserve, -1, sizeof self->reserve);
    self->sockets[1] = -1;
    self->sockets[0] = listen_at(self->path, TRUE);
    if (self->sockets[0] >= 0)
        self->sockets[1] = listen_at(self->path, FALSE);
    if (self->sockets[1] >= 0)
        return g_steal_pointer(&self);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "the tracer cannot be listened to at %s: %s",
                self->path, g_strerror(errno));
    return NULL;
}

void listener_free(Listener *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->connections->len; i++)
        close(g_array_index(self->connections, Connection, i).fd);
    if (self->sockets[1] >= 0)
        unlink(self->path);
    for (guint i = 0; i < G_N_ELEMENTS(self->sockets); i++)
        if (self->sockets[i] >= 0)
            close(self->sockets[i]);
    reserve_free(self);
    g_array_unref(self->connections);
    g_free(self->path);
    g_free(self->key);
    g_free(self);
}

gboolean listener_knows(const Listener *self, const char *key, gsize size)
{
    return strlen(self->key) < size && memcmp(self->key, key, strlen(self->key) + 1) == 0;
}

void listener_add_polls(Listener *self, GArray *polls)
{
    for (guint i = 0; i < self->connections->len; i++) {
        struct pollfd one = {.fd = g_array_index(self->connections, Connection, i).fd, .events = POLLIN};
        g_array_append_val(polls, one);
    }
    for (guint i = 0; reserve_fill(self) && i < G_N_ELEMENTS(self->sockets); i++) {
        struct pollfd one = {.fd = self->sockets[i], .events = POLLIN};
        g_array_append_val(polls, one);
    }
}

/* The next connection; FALSE: there is none now, or no descriptor for it. */
static gboolean next_connection(Listener *self, Connection *connection)
{
    struct ucred sender = {0};
    socklen_t size = sizeof sender;
    if (!reserve_fill(self))
        return FALSE;
    reserve_free(self);
    connection->fd = -1;
    for (guint i = 0; i < G_N_ELEMENTS(self->sockets) && connection->fd < 0; i++)
        connection->fd = accept4(self->sockets[i], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection->fd < 0)
        return FALSE;
    getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &sender, &size);
    connection->pid = sender.pid;
    return TRUE;
}

/* TRUE: the connection has had its packet, and is closed. */
static gboolean serve(const Connection *connection, ListenerFunc func, gpointer user_data)
{
    Message message;
    if (!message_receive(&message, connection->fd))
        return FALSE;
    if (message.length > 0)
        func(&message, connection->pid, connection->fd, user_data);
    message_clear(&message);
    close(connection->fd);
    return TRUE;
}

gboolean listener_take(Listener *self, ListenerFunc func, gpointer user_data)
{
    Connection connection;
    guint taken = 0;
    reserve_free(self);
    for (guint i = 0; i < self->connections->len;)
        if (serve(&g_array_index(self->connections, Connection, i), func, user_data))
            g_array_remove_index(self->connections, i);
        else
            i++;
    while (taken < AT_ONCE && next_connection(self, &connection)) {
        taken++;
        if (!serve(&connection, func, user_data))
            g_array_append_val(self->connections, connection);
    }
    reserve_fill(self);
    return taken > 0;
}
