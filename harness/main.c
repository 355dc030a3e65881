/* The program: finds the command, runs it, and turns what happened into an exit status. The only exit. */
#include <fcntl.h>
#include <glib.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/output.h"
#include "error.h"

enum { STATUS_USAGE = 2, STATUS_NOT_MEASURED = 3 };

/* Tables of this size are mapped, and given back as soon as they are freed, however many there were. */
enum { LARGE_BYTES = 1 << 20 };

static void print_help(void)
{
    g_print("heapgate %s: the gate that keeps memory regressions out of main\n\n"
            "Usage: heapgate COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n",
            HEAPGATE_VERSION);
    for (const Command *const *command = commands_all(); *command != NULL; command++)
        g_print("  %-8s %s\n", (*command)->name, (*command)->summary);
    g_print("\nheapgate COMMAND --help explains a command.\n"
            "Exit status: 0 all pass, 1 regressed, 2 usage or configuration, 3 could not measure.\n");
}

static int status_of(const GError *error)
{
    if (error->domain != HEAPGATE_ERROR)
        return STATUS_NOT_MEASURED;
    switch ((HeapgateError)error->code) {
    case HEAPGATE_ERROR_USAGE:
    case HEAPGATE_ERROR_CONFIG:
    case HEAPGATE_ERROR_FORMAT:
        return STATUS_USAGE;
    case HEAPGATE_ERROR_TRUNCATED:
    case HEAPGATE_ERROR_BROKEN:
        return STATUS_NOT_MEASURED;
    }
    return STATUS_NOT_MEASURED;
}

static int run_command(int argc, char **argv, GError **error)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return argc < 2 ? STATUS_USAGE : EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        g_print("heapgate %s\n", HEAPGATE_VERSION);
        return EXIT_SUCCESS;
    }
    const Command *command = command_find(argv[1]);
    if (command == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "\"%s\" is not a command; heapgate --help lists them", argv[1]);
        return STATUS_USAGE;
    }
    return command->run(argc - 1, argv + 1, error);
}

/* A closed standard descriptor would be given to the next file that is opened, and that file be written to.
 * What is opened here in its place cannot be written to: output nobody sees stays an error. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    output_begin();
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    setlocale(LC_CTYPE, "");
    g_set_prgname("heapgate");
    g_autoptr(GError) error = NULL;
    int status = run_command(argc, argv, &error);
    if (error != NULL) {
        output_error(error);
        status = status_of(error);
    }
    /* Output that could not be written was not seen by anyone. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        g_printerr("heapgate: standard output cannot be written: free space or redirect it elsewhere\n");
        status = MAX(status, STATUS_NOT_MEASURED);
    }
    return status;
}
