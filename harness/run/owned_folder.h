/* Temporary folders that say whose they are: who made one holds a lock in it, which ends with the process
 * however it ends. The next heapgate removes those of the dead. */
#ifndef HEAPGATE_RUN_OWNED_FOLDER_H
#define HEAPGATE_RUN_OWNED_FOLDER_H

#include <glib.h>

typedef struct {
    char *path; /* "/tmp/heapgate-XXXXXX": always as long, for paths end up in heaps */
    int lock;   /* descriptor that holds it */
} OwnedFolder;

/* Makes one, for this user alone. The first call of a process removes what earlier ones left behind. FALSE
 * with errno. */
gboolean owned_folder_make(OwnedFolder *self);
/* Removes it with all it holds, and gives the lock back. One that was not made is fine. */
void owned_folder_remove(OwnedFolder *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OwnedFolder, owned_folder_remove)

/* Removes those of this user that nobody holds; returns how many. No link is followed. A folder without the
 * lock of owned_folder_make is not touched. */
guint owned_folders_sweep(void);
/* Removes a folder with all it holds; no link is followed. */
void folder_remove(const char *path);

#endif
