#include "owned_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARENT "/tmp"
#define PREFIX "heapgate-"
/* In the folder. Of another name than anything a run writes there. */
#define LOCK ".lock"

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void folder_remove(const char *path)
{
    nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

/* The lock of a folder, held by nobody else; or -1. */
static int take_lock(int folder, int flags)
{
    struct stat info;
    int lock = openat(folder, LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    if (lock >= 0 && (flock(lock, LOCK_EX | LOCK_NB) != 0 || fstat(lock, &info) != 0 || info.st_nlink == 0)) {
        close(lock);
        return -1;
    }
    return lock;
}

/* Whose owner is gone: nobody holds its lock. */
static gboolean is_abandoned(const char *path)
{
    struct stat info;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return FALSE;
    gboolean mine = fstat(folder, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 077) == 0;
    int lock = mine ? take_lock(folder, 0) : -1;
    /* Whoever is about to make it has not locked it yet, and looks afterwards whether its lock is still
     * there. */
    if (lock >= 0)
        unlinkat(folder, LOCK, 0);
    close(folder);
    if (lock >= 0)
        close(lock);
    return lock >= 0;
}

guint owned_folders_sweep(void)
{
    guint removed = 0;
    g_autoptr(GDir) names = g_dir_open(PARENT, 0, NULL);
    for (const char *name = names != NULL ? g_dir_read_name(names) : NULL; name != NULL;
         name = g_dir_read_name(names)) {
        if (!g_str_has_prefix(name, PREFIX) || strlen(name) != strlen(PREFIX "XXXXXX"))
            continue;
        g_autofree char *path = g_build_filename(PARENT, name, NULL);
        if (!is_abandoned(path))
            continue;
        folder_remove(path);
        removed++;
    }
    return removed;
}

static gboolean make_one(OwnedFolder *self)
{
    char template[] = PARENT "/" PREFIX "XXXXXX";
    if (g_mkdtemp(template) == NULL)
        return FALSE;
    int folder = open(template, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    self->lock = folder >= 0 ? take_lock(folder, O_CREAT | O_EXCL) : -1;
    int cause = errno;
    if (folder >= 0)
        close(folder);
    if (self->lock >= 0)
        self->path = g_strdup(template);
    else
        folder_remove(template);
    errno = cause;
    return self->lock >= 0;
}

gboolean owned_folder_make(OwnedFolder *self)
{
    static gsize swept = 0;
    enum { TRIES = 3 }; /* another heapgate may sweep between two steps */
    *self = (OwnedFolder){.lock = -1};
    if (g_once_init_enter(&swept)) {
        owned_folders_sweep();
        g_once_init_leave(&swept, 1);
    }
    for (guint i = 0; i < TRIES; i++)
        if (make_one(self))
            return TRUE;
    return FALSE;
}

void owned_folder_remove(OwnedFolder *self)
{
    if (self->path == NULL)
        return;
    folder_remove(self->path);
    g_clear_pointer(&self->path, g_free);
    close(self->lock);
    self->lock = -1;
}
