/* Loads an interpreter, runs it twice and, where asked, unloads it: embed LIBRARY HOME CODE [close] */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static int run_once(const char *library, const char *code, int unload)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return 1;
    void (*begin)(int);
    int (*run)(const char *), (*end)(void);
    *(void **)&begin = dlsym(handle, "Py_InitializeEx");
    *(void **)&run = dlsym(handle, "PyRun_SimpleString");
    *(void **)&end = dlsym(handle, "Py_FinalizeEx");
    begin(0);
    int failed = run(code);
    end();
    if (unload)
        dlclose(handle);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    setenv("PYTHONHOME", argv[2], 1);
    for (int i = 0; i < 2; i++)
        if (run_once(argv[1], argv[3], argc > 4) != 0)
            return 1;
    return 0;
}
