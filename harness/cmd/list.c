/* heapgate list: the scenarios, for people, for programs, and in balanced shards. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "model/units.h"
#include "run/host.h"
#include "campaign.h"

/* What a scenario is thought to take where nothing is recorded. */
enum { UNKNOWN_S = 10, SHARDS_LIMIT = 256, UNSET = G_MININT };

typedef struct {
    const Scenario *scenario;
    gint64 duration_us; /* of all its instruments, from the baseline; 0: not known */
} Listed;

static gint64 recorded_duration(const Project *project, const Scenario *scenario)
{
    g_autoptr(Baseline) baseline = NULL;
    g_autofree char *elsewhere = NULL;
    gint64 duration = 0;
    if (!baseline_load(project, host_environment()->platform, scenario->name, &baseline, &elsewhere, NULL) ||
        baseline == NULL)
        return 0;
    for (GStrv name = scenario->instruments; *name != NULL; name++) {
        const BaselineInstrument *instrument = baseline_find(baseline, *name);
        duration += instrument != NULL ? instrument->duration_us : 0;
    }
    return duration;
}

static GArray *list_scenarios(const Campaign *campaign)
{
    GArray *listed = g_array_new(FALSE, FALSE, sizeof(Listed));
    for (guint i = 0; i < campaign->scenarios->len; i++) {
        Listed one = {g_ptr_array_index(campaign->scenarios, i), 0};
        one.duration_us = recorded_duration(campaign->project, one.scenario);
        g_array_append_val(listed, one);
    }
    return listed;
}

static void print_plain(const GArray *listed)
{
    gsize width = 0;
    for (guint i = 0; i < listed->len; i++)
        width = MAX(width, strlen(g_array_index(listed, Listed, i).scenario->name));
    for (guint i = 0; i < listed->len; i++) {
        const Listed *one = &g_array_index(listed, Listed, i);
        g_autofree char *instruments = g_strjoinv(" ", one->scenario->instruments);
        g_autofree char *tags = g_strjoinv(" ", one->scenario->tags);
        g_autofree char *duration =
            one->duration_us > 0 ? units_format_duration(one->duration_us) : g_strdup("no baseline");
        g_print("%-*s  %-16s  %-11s  %s%s%s%s\n", (int)width, one->scenario->name, instruments, duration,
                one->scenario->about != NULL ? one->scenario->about : "", *tags != '\0' ? "  [" : "", tags,
                *tags != '\0' ? "]" : "");
    }
}

static void add_strings(JsonBuilder *builder, const char *name, GStrv strings)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (; *strings != NULL; strings++)
        json_builder_add_string_value(builder, *strings);
    json_builder_end_array(builder);
}

static void print_json(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, FALSE);
    g_print("%s\n", text);
}

static void list_json(const GArray *listed)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < listed->len; i++) {
        const Listed *one = &g_array_index(listed, Listed, i);
        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "name");
        json_builder_add_string_value(builder, one->scenario->name);
        json_builder_set_member_name(builder, "about");
        json_builder_add_string_value(builder, one->scenario->about != NULL ? one->scenario->about : "");
        json_builder_set_member_name(builder, "file");
        json_builder_add_string_value(builder, one->scenario->file);
        add_strings(builder, "instruments", one->scenario->instruments);
        add_strings(builder, "tags", one->scenario->tags);
        json_builder_set_member_name(builder, "duration_ms");
        json_builder_add_int_value(builder, one->duration_us / 1000);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    print_json(builder);
}

static int longest_first(gconstpointer a, gconstpointer b)
{
    const Listed *one = a, *two = b;
    if (one->duration_us != two->duration_us)
        return one->duration_us > two->duration_us ? -1 : 1;
    return strcmp(one->scenario->name, two->scenario->name);
}

/* Longest first, each to the shard with the least so far (Graham's rule): at most 4/3 of the best. */
static GString **balance(GArray *listed, guint shards)
{
    g_autofree gint64 *loads = g_new0(gint64, shards);
    GString **names = g_new0(GString *, shards);
    g_array_sort(listed, longest_first);
    for (guint s = 0; s < shards; s++)
        names[s] = g_string_new(NULL);
    for (guint i = 0; i < listed->len; i++) {
        const Listed *one = &g_array_index(listed, Listed, i);
        guint least = 0;
        for (guint s = 1; s < shards; s++)
            if (loads[s] < loads[least])
                least = s;
        loads[least] += one->duration_us > 0 ? one->duration_us : (gint64)UNKNOWN_S * G_USEC_PER_SEC;
        g_string_append_printf(names[least], "%s%s", names[least]->len > 0 ? " " : "", one->scenario->name);
    }
    return names;
}

static void list_matrix(GArray *listed, guint shards)
{
    shards = MIN(shards, listed->len);
    GString **names = balance(listed, shards);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "include");
    json_builder_begin_array(builder);
    for (guint s = 0; s < shards; s++) {
        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "shard");
        json_builder_add_int_value(builder, s + 1);
        json_builder_set_member_name(builder, "scenarios");
        json_builder_add_string_value(builder, names[s]->str);
        json_builder_end_object(builder);
        g_string_free(names[s], TRUE);
    }
    g_free(names);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    print_json(builder);
}

static void print_reports_folder(const char *start, GError **error)
{
    g_autoptr(Project) project = project_find(start != NULL ? start : ".", error);
    if (project != NULL)
        g_print("%s\n", project->reports);
}

static int command_list_run(int argc, char **argv, GError **error)
{
    g_auto(CampaignOptions) options = {0};
    gboolean json = FALSE, reports = FALSE, helped = FALSE;
    int matrix = UNSET;
    const GOptionEntry entries[] = {
        {"directory", 'C', 0, G_OPTION_ARG_FILENAME, &options.folder, "Look for the project from here",
         "FOLDER"},
        {"tag", 't', 0, G_OPTION_ARG_STRING_ARRAY, &options.tags, "Only scenarios with this tag (repeatable)",
         "TAG"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {"matrix", 0, 0, G_OPTION_ARG_INT, &matrix,
         "Print a matrix of at most N shards, balanced by recorded durations, for a GitHub Actions job", "N"},
        {"reports", 0, 0, G_OPTION_ARG_NONE, &reports,
         "Print the folder that reports are written to, and nothing else", NULL},
        {NULL},
    };
    if (!command_parse(&command_list, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (matrix != UNSET && (matrix < 1 || matrix > SHARDS_LIMIT)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "--matrix: expected 1 to %d shards, found %d", SHARDS_LIMIT, matrix);
        return 0;
    }
    if (reports) {
        print_reports_folder(options.folder, error);
        return 0;
    }
    g_autoptr(Campaign) campaign = campaign_new(&options, (const char *const *)argv + 1, error);
    if (campaign == NULL)
        return 0;
    g_autoptr(GArray) listed = list_scenarios(campaign);
    if (matrix > 0)
        list_matrix(listed, (guint)matrix);
    else if (json)
        list_json(listed);
    else
        print_plain(listed);
    return 0;
}

const Command command_list = {
    .name = "list",
    .arguments = "[SCENARIO...]",
    .summary = "List scenarios; as JSON, or as balanced shards for a CI matrix.",
    .run = command_list_run,
};
