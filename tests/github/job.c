#include "job.h"

#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "runner.h"

static const char *const stand_in_makefile =
    "install:\n\t@echo building from source\n\t@install -D fake-heapgate $(PREFIX)/bin/heapgate\n"
    "\t@install -D /dev/null $(PREFIX)/lib/heapgate/libheapgate.so\n";

static void copy_into(const char *from, const char *to)
{
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);
    g_autoptr(GFile) folder = g_file_get_parent(target);
    g_autofree char *folder_path = g_file_get_path(folder);
    g_autoptr(GError) error = NULL;
    g_mkdir_with_parents(folder_path, 0755);
    ck_assert_msg(g_file_copy(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, &error), "%s",
                  error != NULL ? error->message : "");
}

Job *job_new(void)
{
    Job *self = g_new0(Job, 1);
    self->folder = runner_temporary();
    self->workspace = g_build_filename(self->folder, "workspace", NULL);
    self->source = g_build_filename(self->folder, "source", NULL);
    self->cache = g_build_filename(self->folder, "cache", NULL);
    self->inputs = g_ptr_array_new_with_free_func(g_free);
    g_mkdir_with_parents(self->workspace, 0755);

    const char *ours[] = {".github/actions/heapgate/action.yml", ".ci/install-packages"};
    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++) {
        g_autofree char *target = g_build_filename(self->source, ours[i], NULL);
        copy_into(runner_path(ours[i]), target);
    }
    job_write(self, "source/Makefile", stand_in_makefile);
    job_write(self, "source/harness/main.c", "int main(void) { return 0; }\n");
    return self;
}

void job_free(Job *self)
{
    if (self == NULL)
        return;
    runner_remove(self->folder);
    g_free(self->folder);
    g_free(self->workspace);
    g_free(self->source);
    g_free(self->cache);
    g_ptr_array_unref(self->inputs);
    g_clear_object(&self->report);
    g_free(self);
}

void job_write(Job *self, const char *relative, const char *text)
{
    g_autofree char *path = g_build_filename(self->folder, relative, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_mkdir_with_parents(folder, 0755);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    if (g_str_has_prefix(text, "#!"))
        g_chmod(path, 0755);
}

void job_cache_binary(Job *self, const char *file)
{
    g_autofree char *target = g_build_filename(self->cache, "bin", "heapgate", NULL);
    copy_into(file, target);
    g_chmod(target, 0755);
    g_autofree char *library = g_build_filename(self->cache, "lib", "heapgate", "libheapgate.so", NULL);
    copy_into(runner_path("build/libheapgate.so"), library);
}

void job_input(Job *self, const char *name, const char *value)
{
    g_ptr_array_add(self->inputs, g_strdup("--input"));
    g_ptr_array_add(self->inputs, g_strconcat(name, "=", value, NULL));
}

void job_run(Job *self)
{
    g_autofree char *action = g_build_filename(self->source, ".github/actions/heapgate/action.yml", NULL);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *fixed[] = {runner_path("build/venv/bin/python"),
                           "-B",
                           runner_path("tests/github/run_steps.py"),
                           action,
                           "--workspace",
                           self->workspace,
                           "--scratch",
                           self->folder};
    for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_ptr_array_add(argv, (char *)fixed[i]);
    if (g_file_test(self->cache, G_FILE_TEST_IS_DIR)) {
        g_ptr_array_add(argv, "--restore");
        g_ptr_array_add(argv, self->cache);
    }
    for (guint i = 0; i < self->inputs->len; i++)
        g_ptr_array_add(argv, self->inputs->pdata[i]);
    g_ptr_array_add(argv, NULL);

    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_newv((const char *const *)argv->pdata, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
    ck_assert_msg(process != NULL, "%s", error != NULL ? error->message : "");
    g_autofree char *output = NULL;
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    ck_assert_msg(g_subprocess_get_successful(process), "run_steps.py failed: %s", output);
    self->report = json_parser_new();
    ck_assert_msg(json_parser_load_from_data(self->report, output, -1, NULL), "%s", output);
}

static JsonObject *report(Job *self)
{
    return json_node_get_object(json_parser_get_root(self->report));
}

const char *job_conclusion(Job *self)
{
    return job_text(self, "conclusion");
}

const char *job_text(Job *self, const char *member)
{
    return json_object_get_string_member(report(self), member);
}

const char *job_output(Job *self, const char *name)
{
    return json_object_get_string_member(json_object_get_object_member(report(self), "outputs"), name);
}

const char *job_step(Job *self, const char *name)
{
    JsonArray *steps = json_object_get_array_member(report(self), "steps");
    for (guint i = 0; i < json_array_get_length(steps); i++) {
        JsonObject *step = json_array_get_object_element(steps, i);
        if (strcmp(json_object_get_string_member(step, "name"), name) == 0)
            return json_object_get_string_member(step, "outcome");
    }
    ck_abort_msg("no step \"%s\"", name);
}

gboolean job_uploaded(Job *self, const char *artifact, const char *file)
{
    JsonObject *artifacts = json_object_get_object_member(report(self), "artifacts");
    if (!json_object_has_member(artifacts, artifact))
        return FALSE;
    JsonArray *files = json_object_get_array_member(artifacts, artifact);
    for (guint i = 0; i < json_array_get_length(files); i++)
        if (strcmp(json_array_get_string_element(files, i), file) == 0)
            return TRUE;
    return FALSE;
}
