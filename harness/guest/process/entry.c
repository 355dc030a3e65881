#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entry.h"
#include "family.h"
#include "path.h"
#include "process.h"
#include "sandbox.h"

/* System calls by number: none of them is a cancellation point, and nobody else interposes them. */

RollFile entry_file_at(int folder, const char *path, int flags)
{
    struct stat info;
    if (syscall(SYS_newfstatat, folder, path, &info, flags) != 0)
        return (RollFile){0, 0};
    return (RollFile){info.st_dev, info.st_ino};
}

static RollEntry *entry_at(uint32_t entry)
{
    return (RollEntry *)((char *)family_roll + ROLL_ENTRIES_AT) + entry;
}

/* An entry for the caller to fill; 0: there is no room. */
static uint32_t entry_claim(uint32_t kind)
{
    uint32_t entry = __atomic_exchange_n(&family_roll->spare, 0, __ATOMIC_ACQ_REL);
    if (entry == 0 || entry >= ROLL_ENTRIES)
        entry = atomic_claim(&family_roll->entries, ROLL_ENTRIES);
    if (entry == 0) {
        __atomic_fetch_add(&family_roll->full_entries, 1, __ATOMIC_RELAXED);
        return 0;
    }
    RollEntry *at = entry_at(entry);
    at->pid = kind == ROLL_SPAWN || sandbox_entered ? 0 : (uint32_t)syscall(SYS_getpid);
    at->ledger = family_number;
    at->time_ns = guest_now_ns();
    at->file = (RollFile){0, 0};
    at->off_reason = LEDGER_OFF_NOT;
    at->path[0] = '\0';
    return entry;
}

static void entry_publish(uint32_t entry, uint32_t kind)
{
    __atomic_store_n(&entry_at(entry)->kind, kind, __ATOMIC_RELEASE);
}

void entry_refuse(uint32_t off_reason)
{
    uint32_t entry = entry_claim(ROLL_NO_BOOKS);
    if (entry == 0)
        return;
    entry_at(entry)->off_reason = off_reason;
    path_put(entry_at(entry)->path, ROLL_PATH, process_executable());
    entry_publish(entry, ROLL_NO_BOOKS);
}

static void put_number(char *to, uint32_t value)
{
    char digits[12], *at = digits + sizeof digits;
    for (*--at = '\0'; at == digits + sizeof digits - 1 || value != 0; value /= 10)
        *--at = (char)('0' + value % 10);
    memcpy(to, at, (size_t)(digits + sizeof digits - at));
}

/* What a link of /proc/ leads to, and how a path looks from the root: only its owner can tell. */
static void entry_name(RollEntry *at, int folder, const char *path)
{
    if (sandbox_entered) {
        path_put(at->path, sizeof at->path, path);
        return;
    }
    char link[40] = "/proc/self/fd/";
    if (path[0] == '\0') {
        put_number(link + strlen(link), (uint32_t)folder);
        path = link;
    }
    if (strncmp(path, "/proc/", 6) == 0) {
        long length = syscall(SYS_readlinkat, AT_FDCWD, path, at->path, sizeof at->path - 1);
        at->path[length > 0 ? length : 0] = '\0';
        if (length > 0)
            return;
    }
    if (folder == AT_FDCWD)
        path_put_absolute(at->path, sizeof at->path, path);
    else
        path_put(at->path, sizeof at->path, path);
}

uint32_t entry_add(uint32_t kind, int folder, const char *path, int flags, bool known)
{
    if (family_roll == NULL || path == NULL)
        return 0;
    errno = 0;
    RollFile what = known && !sandbox_entered ? entry_file_at(folder, path, flags) : (RollFile){0, 0};
    uint32_t entry = errno == ENOENT || errno == ENOTDIR ? 0 : entry_claim(kind);
    if (entry == 0)
        return 0;
    RollEntry *at = entry_at(entry);
    at->file = what;
    entry_name(at, folder, path);
    entry_publish(entry, kind);
    return entry;
}

/* Folder and file in `to`; false: too long. */
static bool join_path(char *to, size_t room, const char *folder, size_t length, const char *name)
{
    size_t more = strlen(name);
    if (length == 0)
        folder = ".", length = 1;
    if (length + more + 2 > room)
        return false;
    memcpy(to, folder, length);
    to[length] = '/';
    memcpy(to + length + 1, name, more + 1);
    return true;
}

uint32_t entry_add_found(uint32_t kind, const char *name, const char **found)
{
    const char *folders = getenv("PATH");
    *found = NULL;
    if (sandbox_entered)
        return entry_add(kind, AT_FDCWD, name, 0, false);
    uint32_t entry = family_roll != NULL && name != NULL && name[0] != '\0' ? entry_claim(kind) : 0;
    if (entry == 0)
        return 0;
    RollEntry *at = entry_at(entry);
    for (const char *folder = folders != NULL ? folders : "/bin:/usr/bin"; folder != NULL;) {
        const char *end = strchrnul(folder, ':');
        if (join_path(at->path, sizeof at->path, folder, (size_t)(end - folder), name) &&
            syscall(SYS_faccessat, AT_FDCWD, at->path, X_OK) == 0) {
            at->file = entry_file_at(AT_FDCWD, at->path, 0);
            entry_publish(entry, kind);
            *found = at->path;
            return entry;
        }
        folder = *end == ':' ? end + 1 : NULL;
    }
    entry_take_back(entry);
    return 0;
}

void entry_loosen(uint32_t entry)
{
    if (entry != 0)
        entry_at(entry)->file = (RollFile){0, 0};
}

void entry_explain(uint32_t entry, uint32_t off_reason)
{
    if (entry != 0)
        entry_at(entry)->off_reason = off_reason;
}

void entry_take_back(uint32_t entry)
{
    if (entry == 0)
        return;
    entry_publish(entry, ROLL_NOTHING);
    __atomic_store_n(&family_roll->spare, entry, __ATOMIC_RELEASE);
}

void entry_started(uint32_t entry, uint32_t pid)
{
    if (entry != 0)
        __atomic_store_n(&entry_at(entry)->pid, pid, __ATOMIC_RELAXED);
}

static char *put_hexadecimal(char *to, uint64_t value, int digits)
{
    while (digits-- > 0)
        *to++ = "0123456789abcdef"[value >> 4 * digits & 15];
    return to;
}

void entry_parent_text(uint32_t entry, char *text)
{
    text[0] = '\0';
    if (entry == 0)
        return;
    char *end = put_hexadecimal(text, family_roll->family, 16);
    *end++ = '.';
    *put_hexadecimal(end, entry, 8) = '\0';
}
