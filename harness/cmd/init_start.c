#include "init_start.h"

#include "instrument/installed.h"

/* How a folder's programs are built: the first row whose file is there counts. */
typedef struct {
    const char *file;     /* NULL: none of the others */
    const char *command;  /* builds with debug information */
    const char *packages; /* Debian's, for a machine that has nothing */
    const char *program;  /* where a program then is */
} BuildSystem;

static const BuildSystem build_systems[] = {
    {"CMakeLists.txt", "cmake -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build build",
     "cmake make g++", "build/PROGRAM"},
    {"meson.build", "meson setup --buildtype=debugoptimized build && meson compile -C build", "meson g++",
     "build/PROGRAM"},
    {"Cargo.toml", "CARGO_PROFILE_RELEASE_DEBUG=true cargo build --release", "cargo",
     "target/release/PROGRAM"},
    {"configure", "./configure && make CFLAGS='-g -O2'", "make g++", "./PROGRAM"},
    {"configure.ac", "autoreconf -i && ./configure && make CFLAGS='-g -O2'",
     "autoconf automake libtool make g++", "./PROGRAM"},
    {"GNUmakefile", "make", "make g++", "./PROGRAM"},
    {"Makefile", "make", "make g++", "./PROGRAM"},
    {"makefile", "make", "make g++", "./PROGRAM"},
    {NULL, NULL, NULL, "./PROGRAM"},
};

/* What the workflow installs before it knows the project. */
#define CHECKOUT "git ca-certificates"

static const BuildSystem *build_system_find(void)
{
    const BuildSystem *row = build_systems;
    while (row->file != NULL && !g_file_test(row->file, G_FILE_TEST_IS_REGULAR))
        row++;
    return row;
}

static gboolean folder_is_python(void)
{
    static const char *const files[] = {"pyproject.toml", "setup.py", "setup.cfg"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        if (g_file_test(files[i], G_FILE_TEST_IS_REGULAR))
            return TRUE;
    return FALSE;
}

const char *start_find_interpreter(const char *folder)
{
    static const char *const places[] = {".venv/bin/python", "venv/bin/python", "env/bin/python"};
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(folder, places[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            return places[i];
    }
    return NULL;
}

static void start_file_free(StartFile *self)
{
    g_free(self->path);
    g_free(self->text);
    g_free(self);
}

static void G_GNUC_PRINTF(3, 4) start_add(Start *self, const char *path, const char *format, ...)
{
    StartFile *file = g_new(StartFile, 1);
    va_list arguments;
    va_start(arguments, format);
    *file = (StartFile){g_strdup(path), g_strdup_vprintf(format, arguments)};
    va_end(arguments);
    g_ptr_array_add(self->files, file);
}

static void add_settings(Start *self, const char *instruments)
{
    start_add(self, "heapgate.yaml",
              "# What scenarios that do not say otherwise get; every key is optional.\n"
              "timeout: 600 s\n"
              "instruments: [%s]\n"
              "allow:\n"
              "  peak: {percent: 5, floor: 64 KiB}   # regressed above base + max(percent, floor, spread)\n"
              "  retained: {floor: %s}\n"
              "  growth: {floor: 0 B}\n",
              instruments, g_str_equal(instruments, "heap") ? "64 KiB" : "0 B");
}

/* build: steps before the gate, behind: steps after it; each a line with an end, or "". */
static void add_workflow(Start *self, const char *packages, const char *build, const char *behind)
{
    start_add(self, ".github/workflows/heapgate.yml",
              "name: heapgate\n"
              "on: [pull_request, push]\n"
              "permissions:\n"
              "  contents: read\n"
              "jobs:\n"
              "  gate:\n"
              "    runs-on: ubuntu-24.04\n"
              "    # Baselines hold for one environment: run where they were captured.\n"
              "    container: debian:12\n"
              "    steps:\n"
              "      - run: apt-get update && apt-get install -y --no-install-recommends %s\n"
              "      - uses: actions/checkout@v4\n"
              "%s"
              "      - uses: OWNER/heapgate/.github/actions/heapgate@v0.1.0\n"
              "%s",
              packages, build, behind);
}

#define NEXT                                                                                                 \
    "next: heapgate run, then heapgate update --reason \"first capture\", then commit baselines/\n"          \
    "keep reports/ out of the repository: add it to .gitignore\n"

static void start_python(Start *self)
{
    const char *found = start_find_interpreter("."),
               *interpreter = found != NULL ? found : "/usr/bin/python3";
    const char *venv_python = found != NULL ? found : "venv/bin/python";
    g_autofree char *bin = g_path_get_dirname(venv_python), *venv = g_path_get_dirname(bin);
    g_autofree char *build =
        g_strdup_printf("      - run: python3 -m venv %s && %s/pip install -e .\n", venv, bin);
    g_autofree char *behind =
        g_strdup_printf("      # Tests that are marked @pytest.mark.heapgate(growth=\"0 B\"):\n"
                        "      # - run: %s/pip install pytest ~/.cache/heapgate/share/heapgate/python\n"
                        "      # - run: heapgate exec -- %s -m pytest --heapgate-without-tracer=fail\n",
                        bin, venv_python);
    g_autofree char *module =
        installed_find("the module for Python", "python", "../share/heapgate/python", NULL);
    add_settings(self, "heap");
    start_add(self, "scenarios/first.py",
              "\"\"\"What first.yaml calls again and again in one process. Call your own code here.\"\"\"\n"
              "\n"
              "\n"
              "def run():\n"
              "    return sorted(str(number) for number in range(2000))\n");
    start_add(
        self, "scenarios/first.yaml",
        "# A scenario is a workflow and what it may cost. The function is called 20 times.\n"
        "about: A first scenario; let first.py call your own code, or name a function of it here\n"
        "python: {script: first.py, function: run, interpreter: %s, iterations: 20, warmup: 3}\n"
        "# python: {call: \"package.module:function\", args: [], interpreter: %s}\n"
        "# files: [../package, ../data.json]     # what is imported and not installed, and what is read\n"
        "tags: [fast]\n",
        interpreter, venv_python);
    add_workflow(self, CHECKOUT " python3-venv", build, behind);
    self->advice =
        g_strdup_printf(NEXT "gate tests: %s/pip install %s, mark one @pytest.mark.heapgate(growth=\"0 B\"),"
                             " then heapgate exec -- %s -m pytest\n",
                        bin, module != NULL ? module : "heapgate", venv_python);
}

static void start_native(Start *self)
{
    const BuildSystem *system = build_system_find();
    g_autofree char *packages =
        system->file != NULL ? g_strconcat(CHECKOUT " ", system->packages, NULL) : g_strdup(CHECKOUT);
    g_autofree char *build = system->file != NULL ? g_strdup_printf("      - run: %s\n", system->command)
                                                  : g_strdup("      # Build your programs here.\n");
    add_settings(self, "heap, memcheck");
    start_add(
        self, "scenarios/first.yaml",
        "# A scenario is a workflow and what it may cost. Put your own program here.\n"
        "about: A first scenario; replace the program by a workflow of yours\n"
        "run: [sh, -c, \"seq 2000 | sort -n | tail -n 1\"]\n"
        "# run: [%s]                      # relative to the project's root; build it with -g\n"
        "expect: {exit: 0}\n"
        "# python: {call: \"package.module:function\"}  # instead of run; then also instruments: [heap]\n"
        "# stdin: input.txt                       # files are named relative to this folder\n"
        "# workflow: {warmup: 3, iterations: 20}  # the program marks each pass: #include <heapgate.h>\n"
        "# allow: {growth: {floor: 0 B}}\n"
        "tags: [fast]\n",
        system->program);
    add_workflow(self, packages, build, "");
    self->advice =
        system->file != NULL ? g_strdup_printf("build first: %s\n" NEXT, system->command) : g_strdup(NEXT);
}

Start *start_new(void)
{
    Start *self = g_new0(Start, 1);
    self->files = g_ptr_array_new_with_free_func((GDestroyNotify)start_file_free);
    if (folder_is_python())
        start_python(self);
    else
        start_native(self);
    return self;
}

void start_free(Start *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->files);
    g_free(self->advice);
    g_free(self);
}
