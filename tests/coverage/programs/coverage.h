/* coverage METHOD THEN [first]: a program that first does what takes a process out of sight (METHOD), and
 * then works (THEN).
 *
 * Work is 20 blocks of 100,000 bytes. The healthy build gives each back; the build with -DLEAKING keeps them
 * in leak_here. Exit status 77: METHOD cannot be done on this machine. 1: it went wrong. */
#pragma once

#include <stddef.h>

#define CANNOT 77

typedef struct {
    const char *name;
    int (*run)(void); /* 0, CANNOT or another exit status */
} Method;

/* One table for each file, ended by a row without a name. */
extern const Method allocator_methods[], descriptor_methods[], drop_methods[], environment_methods[],
    host_methods[], limit_methods[], namespace_methods[], process_methods[], sandbox_methods[];

void work(void);
void leak_here(void *block);     /* keeps it, or the healthy build: does nothing */
int work_then(const char *then); /* work in this process, a child, a program ...; its exit status */
int wait_for(int pid);           /* the child's exit status */
const char *own_path(void);      /* of this program, absolute */
const char *own_command(void);   /* for a shell: this program with the argument "work" */
