#include "heap_socket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

char *heap_socket_address(const char *folder)
{
    guint64 key = 0;
    if (getrandom(&key, sizeof key, 0) != sizeof key)
        key = (guint64)g_get_real_time();
    return g_strdup_printf("%s/socket#%016" G_GINT64_MODIFIER "x", folder, key);
}

char *heap_socket_path(const char *address)
{
    return g_strndup(address, (gsize)(strchrnul(address, '#') - address));
}

const char *heap_socket_key(const char *address)
{
    const char *sign = strchr(address, '#');
    return sign != NULL ? sign + 1 : "";
}

socklen_t heap_socket_fill(struct sockaddr_un *system, const char *path, gboolean abstract)
{
    gsize length = strlen(path);
    *system = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (length + 1 >= sizeof system->sun_path)
        return 0;
    memcpy(system->sun_path + (abstract ? 1 : 0), path, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

int heap_socket_connect(const char *address)
{
    g_autofree char *path = heap_socket_path(address);
    struct sockaddr_un to;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    for (guint abstract = 2; fd >= 0 && abstract-- > 0;) {
        socklen_t size = heap_socket_fill(&to, path, abstract > 0);
        if (size > 0 && connect(fd, (const struct sockaddr *)&to, size) == 0)
            return fd;
    }
    if (fd >= 0) {
        int why = errno;
        close(fd);
        errno = why;
    }
    return -1;
}
