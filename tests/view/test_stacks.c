#include "view/stacks.h"

#include <string.h>

#include "runner.h"

/* As much of protocol buffers as a profile is made of. */
typedef struct {
    const guint8 *at, *end;
} Message;

static guint64 read_varint(Message *self)
{
    guint64 value = 0;
    for (guint shift = 0; shift < 64; shift += 7) {
        ck_assert(self->at < self->end);
        guint8 byte = *self->at++;
        value |= (guint64)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    ck_abort_msg("a number of more than 64 bits");
}

/* The next field's number, 0 at the end: a number in value, or a message within. */
static guint read_field(Message *self, guint64 *value, Message *within)
{
    if (self->at == self->end)
        return 0;
    guint64 key = read_varint(self);
    *value = read_varint(self);
    *within = (Message){NULL, NULL};
    if ((key & 7) == 2) {
        ck_assert_uint_le(*value, (guint64)(self->end - self->at));
        *within = (Message){self->at, self->at + *value};
        self->at = within->end;
    }
    return (guint)(key >> 3);
}

enum { MOST_TYPES = 16 };

typedef struct {
    char *names[MOST_TYPES]; /* of sample types */
    guint n_types;
    gint64 sums[MOST_TYPES];
    guint samples, without_location, system_names;
    gboolean has_default;
    GPtrArray *functions; /* names */
} Profile;

static void read_sample(Profile *self, Message sample)
{
    guint64 value;
    Message within;
    guint field, locations = 0;
    while ((field = read_field(&sample, &value, &within)) != 0) {
        if (field == 1)
            locations += within.at < within.end;
        for (guint i = 0; field == 2 && within.at < within.end; i++)
            self->sums[i] += (gint64)read_varint(&within);
    }
    self->samples++;
    self->without_location += locations == 0;
}

/* field: of the message, an index into the strings. */
static char *text_of(const GPtrArray *strings, Message message, guint wanted)
{
    guint64 value;
    Message within;
    guint field;
    while ((field = read_field(&message, &value, &within)) != 0)
        if (field == wanted)
            return g_strdup(g_ptr_array_index(strings, value));
    return NULL;
}

static Profile read_profile(const GByteArray *bytes)
{
    Profile self = {.functions = g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
    for (int pass = 0; pass < 2; pass++) { /* the strings stand last */
        Message profile = {bytes->data, bytes->data + bytes->len}, within;
        guint64 value;
        guint field;
        while ((field = read_field(&profile, &value, &within)) != 0) {
            if (pass == 0 && field == 6)
                g_ptr_array_add(strings, g_strndup((const char *)within.at, value));
            if (pass == 1 && field == 1)
                self.names[self.n_types++] = text_of(strings, within, 1);
            if (pass == 1 && field == 2)
                read_sample(&self, within);
            if (pass == 1 && field == 5) {
                g_ptr_array_add(self.functions, text_of(strings, within, 2));
                g_autofree char *system = text_of(strings, within, 3);
                self.system_names += system != NULL && *system != '\0';
            }
            self.has_default = self.has_default || field == 14;
        }
    }
    return self;
}

static void profile_clear(Profile *self)
{
    for (guint i = 0; i < self->n_types; i++)
        g_free(self->names[i]);
    g_ptr_array_unref(self->functions);
}

static void check_sum(const Profile *profile, const char *type, gint64 sum)
{
    for (guint i = 0; i < profile->n_types; i++) {
        if (strcmp(profile->names[i], type) != 0)
            continue;
        ck_assert_int_eq(profile->sums[i], sum);
        return;
    }
    ck_abort_msg("no sample type %s", type);
}

static void add_figure(GPtrArray *figures, MetricId metric, gint64 first, gint64 second)
{
    const Frame one[] = {{"<T as app::Work>::run", "app.rs", NULL, 3}, {"main", "app.rs", NULL, 9}};
    CallSites *sites = call_sites_new();
    call_sites_add(sites, one, 2, first, 2);
    call_sites_add(sites, NULL, 0, second, 1);
    g_ptr_array_add(figures, figure_new(metric_get(metric)->title, metric, first + second, sites));
}

/* Readers take the last type unless told otherwise, and some cannot be told. */
START_TEST(test_pprof_begins_with_the_last_figure_so_that_the_first_is_shown)
{
    g_autoptr(GPtrArray) figures = figures_new();
    add_figure(figures, METRIC_PEAK, 300, 7);
    add_figure(figures, METRIC_RETAINED, 200, 0);
    add_figure(figures, METRIC_ALLOCATIONS, 5, 5); /* has no type of its own */
    add_figure(figures, METRIC_TOTAL_ALLOCATED, 4000, 50);
    g_autoptr(GByteArray) bytes = stacks_pprof(figures);
    Profile profile = read_profile(bytes);
    static const char *const types[] = {"alloc_objects", "alloc_space",  "inuse_objects",
                                        "inuse_space",   "peak_objects", "peak_space"};
    ck_assert_uint_eq(profile.n_types, G_N_ELEMENTS(types));
    for (guint i = 0; i < profile.n_types; i++)
        ck_assert_str_eq(profile.names[i], types[i]);
    ck_assert(!profile.has_default);
    profile_clear(&profile);
}
END_TEST

START_TEST(test_pprof_adds_up_to_what_is_shown)
{
    g_autoptr(GPtrArray) figures = figures_new();
    add_figure(figures, METRIC_PEAK, 300, 7);
    add_figure(figures, METRIC_ERRORS, 2, 3);
    add_figure(figures, METRIC_UNITS, 39900, 1);
    g_autoptr(GByteArray) bytes = stacks_pprof(figures);
    Profile profile = read_profile(bytes);
    check_sum(&profile, "peak_space", 307);
    check_sum(&profile, "peak_objects", 3);
    check_sum(&profile, "errors", 5);
    check_sum(&profile, "units", 39901);
    ck_assert_uint_eq(profile.without_location, 0);
    profile_clear(&profile);
    g_autoptr(GString) folded = g_string_new(NULL);
    stacks_fold(g_ptr_array_index(figures, 0), folded);
    ck_assert_str_eq(folded->str, "main;<T as app::Work>::run 300\n(unknown) 7\n");
}
END_TEST

/* pprof shortens a function's name where it is the system's, too: of this one it left "::run". */
START_TEST(test_pprof_keeps_names_whole)
{
    g_autoptr(GPtrArray) figures = figures_new();
    add_figure(figures, METRIC_PEAK, 300, 0);
    g_autoptr(GByteArray) bytes = stacks_pprof(figures);
    Profile profile = read_profile(bytes);
    ck_assert_uint_eq(profile.samples, 2);
    ck_assert_uint_eq(profile.functions->len, 3);
    ck_assert_uint_eq(profile.system_names, 0);
    ck_assert_str_eq(g_ptr_array_index(profile.functions, 0), "<T as app::Work>::run");
    profile_clear(&profile);
}
END_TEST

SUITE(stacks, 10)
{
    tcase_add_test(tcase, test_pprof_begins_with_the_last_figure_so_that_the_first_is_shown);
    tcase_add_test(tcase, test_pprof_adds_up_to_what_is_shown);
    tcase_add_test(tcase, test_pprof_keeps_names_whole);
}
