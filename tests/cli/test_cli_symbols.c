/* Names of real programs: debug files from a real debuginfod server, and what a real rustc makes. */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "project.h"
#include "runner.h"

static const char leaking[] = "#include <stdlib.h>\n"
                              "static __attribute__((noinline)) char *keep_line(int n) { char *p = "
                              "malloc(100 + n); *p = 1; return p; }\n"
                              "static __attribute__((noinline)) char *read_lines(void) { char *p = 0;\n"
                              "  for (int i = 0; i < 10; i++) p = keep_line(i); return p; }\n"
                              "int main(void) { char *volatile p = read_lines(); return p == 0; }\n";

static gboolean is_installed(const char *test, const char *tool)
{
    g_autofree char *found = g_find_program_in_path(tool);
    if (found == NULL)
        runner_skip(test, tool);
    return found != NULL;
}

/* A stripped program, its debug file in served/. */
static void make_stripped(TestProject *project)
{
    test_project_write(project, "leaking.c", "%s", leaking);
    test_project_write(project, "served/about", "debug files\n");
    ck_assert_int_eq(test_project_shell(project, "cc -g -O1 -Wl,--build-id -o leaking leaking.c && "
                                                 "objcopy --only-keep-debug leaking served/leaking.debug && "
                                                 "strip leaking"),
                     0);
}

/* A socket of this machine that no one else has; (transfer full). */
static GSocket *bound_socket(guint16 *port)
{
    GSocket *socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
    ck_assert(socket != NULL && g_socket_bind(socket, any, TRUE, NULL));
    g_autoptr(GSocketAddress) own = g_socket_get_local_address(socket, NULL);
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(own));
    return socket;
}

static void use_server(TestProject *project, guint16 port)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", port);
    project->env = g_environ_setenv(project->env, "DEBUGINFOD_URLS", url, TRUE);
    project->env =
        g_environ_setenv(project->env, "DEBUGINFOD_CACHE_PATH", test_project_path(project, "cache"), TRUE);
}

/* Serves the folder served/ once it has been looked through. (transfer full). */
static GSubprocess *start_server(TestProject *project, guint16 *port)
{
    g_autoptr(GSocket) socket = bound_socket(port);
    g_socket_close(socket, NULL);
    g_autofree char *number = g_strdup_printf("%u", *port);
    GSubprocess *server =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, NULL, "debuginfod",
                         "-p", number, "-d", ":memory:", "-F", test_project_path(project, "served"), NULL);
    ck_assert_ptr_nonnull(server);
    g_autoptr(GDataInputStream) lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(server));
    for (gboolean ready = FALSE; !ready;) {
        g_autofree char *line = g_data_input_stream_read_line(lines, NULL, NULL, NULL);
        ck_assert_msg(line != NULL, "debuginfod ended");
        ready = strstr(line, "groomed database") != NULL;
    }
    return server;
}

static char *only_ledger(const TestProject *project)
{
    g_autoptr(GDir) folder = g_dir_open(test_project_path(project, "seen"), 0, NULL);
    const char *name = folder != NULL ? g_dir_read_name(folder) : NULL;
    ck_assert_ptr_nonnull(name);
    return g_strdup_printf("show --folded seen/%s", name);
}

START_TEST(test_debug_files_come_from_a_debuginfod_server_where_one_is_set_up)
{
    g_autoptr(TestProject) project = test_project_new();
    guint16 port = 0;
    if (!is_installed("test_debug_files_come_from_a_debuginfod_server_where_one_is_set_up", "debuginfod"))
        return;
    make_stripped(project);
    g_autoptr(GSubprocess) server = start_server(project, &port);
    test_project_expect(project, 0, "exec -o unnamed ./leaking", "???", NULL);
    use_server(project, port);
    test_project_expect(project, 0, "exec -o seen ./leaking", "saved: ", NULL);
    g_autofree char *show = only_ledger(project);
    g_subprocess_force_exit(server);
    test_project_expect(project, 0, show, "main;read_lines;keep_line", NULL);
}
END_TEST

START_TEST(test_no_server_is_asked_where_none_is_set_up)
{
    g_autoptr(TestProject) project = test_project_new();
    make_stripped(project);
    use_server(project, 1);
    project->env = g_environ_unsetenv(project->env, "DEBUGINFOD_URLS");
    test_project_expect(project, 0, "exec -o seen ./leaking", "saved: ", NULL);
    ck_assert(!g_file_test(test_project_path(project, "cache"), G_FILE_TEST_EXISTS));
}
END_TEST

/* Nobody accepts what comes in: without a bound this would be a minute and a half, three times, for each
 * object. */
START_TEST(test_a_server_that_does_not_answer_is_given_up)
{
    g_autoptr(TestProject) project = test_project_new();
    guint16 port = 0;
    make_stripped(project);
    g_autoptr(GSocket) silent = bound_socket(&port);
    ck_assert(g_socket_listen(silent, NULL));
    use_server(project, port);
    test_project_expect(project, 0, "exec -o seen ./leaking", "peak 1.02 KiB", "saved: ", NULL);
    ck_assert(g_socket_condition_check(silent, G_IO_IN) & G_IO_IN); /* it was asked */
}
END_TEST

static const char rust[] =
    "extern \"C\" { fn malloc(size: usize) -> *mut u8; }\n"
    "struct Shelf<T> { items: Vec<T> }\n"
    "#[inline(never)]\n"
    "fn leak_boxes<T: Clone>(value: T) {\n"
    "    std::mem::forget(Box::new((value.clone(), [0u8; 300])));\n"
    "    unsafe { malloc(9000).write(1) };\n"
    "}\n"
    "impl<T: Clone> Shelf<T> {\n"
    "    #[inline(never)]\n"
    "    fn fill(&mut self, value: T) { for _ in 0..10 { self.items.push(value.clone()); } }\n"
    "}\n"
    "#[inline(never)]\n"
    "fn twice<F: Fn(usize)>(f: F) { f(1); f(2); }\n"
    "fn main() {\n"
    "    leak_boxes(7u64);\n"
    "    let mut shelf: Shelf<String> = Shelf { items: Vec::new() };\n"
    "    shelf.fill(String::from(\"a text of some length\"));\n"
    "    std::mem::forget(shelf);\n"
    "    twice(|n| { std::mem::forget(Vec::<u8>::with_capacity(n * 1000)); });\n"
    "}\n";

/* Names of frames, as folded stacks have them, hold none of the hashes that change with each build. */
static void check_rust(const char *mangling)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "leak.rs", "%s", rust);
    g_autofree char *script = g_strdup_printf(
        "RUSTC_BOOTSTRAP=1 rustc -g -Z unstable-options -C symbol-mangling-version=%s leak.rs", mangling);
    ck_assert_msg(test_project_shell(project, script) == 0, "%s", project->output);
    test_project_expect(project, 0, "exec -o seen ./leak", "saved: ", NULL);
    g_autofree char *show = only_ledger(project);
    test_project_expect(project, 0, show, "leak::leak_boxes", "leak::Shelf", "::fill", "leak::main::{",
                        "leak::twice", NULL);
    ck_assert_ptr_null(strstr(project->output, "_ZN"));
    ck_assert_ptr_null(strstr(project->output, "_RNv"));
    ck_assert(!g_regex_match_simple("17?h[0-9a-f]{16}", project->output, 0, 0));
    g_autofree char *text = g_strdup(show);
    memcpy(text, "show         ", strlen("show --folded"));
    test_project_expect(project, 0, text, "leak::leak_boxes", "leak.rs:6", NULL);
}

START_TEST(test_rust_is_demangled_without_its_hashes)
{
    if (!is_installed("test_rust_is_demangled_without_its_hashes", "rustc"))
        return;
    check_rust("legacy");
    check_rust("v0");
}
END_TEST

SUITE(cli_symbols, 120)
{
    tcase_add_test(tcase, test_debug_files_come_from_a_debuginfod_server_where_one_is_set_up);
    tcase_add_test(tcase, test_no_server_is_asked_where_none_is_set_up);
    tcase_add_test(tcase, test_a_server_that_does_not_answer_is_given_up);
    tcase_add_test(tcase, test_rust_is_demangled_without_its_hashes);
}
