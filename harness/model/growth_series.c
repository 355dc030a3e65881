/* The evidence in one series. "floor" is its suffix minimum throughout. */
#include <string.h>

#include "growth.h"

static guint rises_between(const gint64 *floor, guint from, guint to)
{
    guint rises = 0;
    for (guint i = from; i < to; i++)
        rises += floor[i] > floor[i - 1];
    return rises;
}

/* one_in: at least one in so many of each quarter's iterations must rise; 0: one rise is enough. */
static gboolean rises_in_every_quarter(const gint64 *floor, guint points, guint one_in)
{
    guint counted = points - 1;
    for (guint quarter = 0; quarter < GROWTH_QUARTERS; quarter++) {
        guint from = 1 + counted * quarter / GROWTH_QUARTERS,
              to = 1 + counted * (quarter + 1) / GROWTH_QUARTERS;
        guint rises = rises_between(floor, from, to);
        if (rises == 0 || rises * one_in < (one_in > 0 ? to - from : 0))
            return FALSE;
    }
    return TRUE;
}

/* Exception (growing list): rises in at most 2/3 of the iterations, each at least 1.25 times the one before.
 */
static gboolean rises_by_a_factor(const gint64 *floor, guint points)
{
    guint rises = 0;
    double last = 0;
    for (guint i = 1; i < points; i++) {
        double rise = (double)floor[i] - (double)floor[i - 1];
        if (rise <= 0)
            continue;
        if (rise < last * GROWTH_LEAST_FACTOR)
            return FALSE;
        last = rise;
        rises++;
    }
    return 3 * rises <= 2 * (points - 1);
}

/* Exception (cache): the second half of the run has less than a third of the first half's bytes or of its
 * rises, and the last quarter does not rise steadily (GROWTH_STEADY). */
static gboolean fades(const gint64 *floor, guint points)
{
    guint half = points / 2, last = points - 1 - (points - 1) / GROWTH_QUARTERS;
    if (rises_between(floor, last, points) >= GROWTH_STEADY * (points - last))
        return FALSE;
    guint early = rises_between(floor, 1, half + 1), late = rises_between(floor, half + 1, points);
    double late_bytes = (double)floor[points - 1] - (double)floor[half],
           early_bytes = (double)floor[half] - (double)floor[0];
    return 3 * late_bytes < early_bytes || 3 * late < early;
}

guint growth_rarest(guint counted)
{
    return MIN(counted / GROWTH_DOUBTFUL_RISES, (guint)(GROWTH_LONGEST_GAP * counted) + 1);
}

/* The most iterations from one rise to the next, the run's beginning and its end counted as rises. */
static guint longest_gap(const gint64 *floor, guint points)
{
    guint last = 0, longest = 0;
    for (guint i = 1; i <= points; i++) {
        if (i < points && floor[i] <= floor[i - 1])
            continue;
        longest = MAX(longest, i - last);
        last = i;
    }
    return longest;
}

/* never_falls: the floor is the series itself, so that few rises are enough. */
static GrowthEvidence evidence_of(const gint64 *floor, guint points, gboolean never_falls)
{
    guint rises = points > 0 ? rises_between(floor, 1, points) : 0;
    if (points < GROWTH_QUARTERS + 1 || rises == 0 || rises_by_a_factor(floor, points) ||
        fades(floor, points))
        return GROWTH_NONE;
    if (rises_in_every_quarter(floor, points, GROWTH_ONE_IN) ||
        (never_falls && rises >= GROWTH_SURE_RISES && rises_in_every_quarter(floor, points, 0)))
        return GROWTH_SURE;
    if (never_falls && rises >= GROWTH_DOUBTFUL_RISES &&
        longest_gap(floor, points) <= GROWTH_LONGEST_GAP * (points - 1) + 1)
        return GROWTH_DOUBTFUL;
    return GROWTH_NONE;
}

/* Writes the suffix minimum of the series to `floor`. Returns whether the two are equal: the series never
 * falls. */
static gboolean floor_make(const gint64 *series, guint points, gint64 *floor)
{
    floor[points - 1] = series[points - 1];
    for (guint i = points - 1; i-- > 0;)
        floor[i] = MIN(series[i], floor[i + 1]);
    return memcmp(floor, series, points * sizeof *series) == 0;
}

static gint64 rounded_up(double bytes, guint iterations)
{
    double each = bytes / iterations;
    return each < 1 ? 1 : each > 0x1p62 ? G_GINT64_CONSTANT(1) << 62 : (gint64)(each + 0.999999);
}

static GrowthFound found_of(GrowthEvidence evidence, double bytes, guint iterations)
{
    return evidence != GROWTH_NONE ? (GrowthFound){evidence, rounded_up(bytes, iterations)}
                                   : (GrowthFound){0};
}

static GrowthFound stronger(GrowthFound one, GrowthFound two)
{
    return two.evidence > one.evidence ? two : one;
}

GrowthFound growth_of_bytes(const gint64 *bytes, guint points)
{
    GrowthSeries series = {.bytes = bytes, .oldest_freed = GROWTH_AGE_UNKNOWN};
    return growth_of_series(&series, points);
}

/* Evidence in the number of blocks, for sites whose block sizes vary. The bytes are the rise in blocks times
 * the mean size at the end. */
static GrowthFound found_by_blocks(const GrowthSeries *self, guint points, gint64 *floor)
{
    if (self->blocks == NULL || self->bytes[points - 1] <= 0)
        return (GrowthFound){0};
    gboolean never_falls = floor_make(self->blocks, points, floor);
    double rise = (double)floor[points - 1] - (double)floor[0];
    double each = (double)self->bytes[points - 1] / (double)MAX(self->blocks[points - 1], 1);
    return found_of(evidence_of(floor, points, never_falls), rise * each, points - 1);
}

/* Evidence in the bytes. Several growing lists of one site rise seldom and in no order, without more blocks:
 * so where blocks give weaker evidence, few rises of the bytes are not enough. */
static GrowthFound found_by_bytes(const GrowthSeries *self, guint points, GrowthEvidence blocks,
                                  gint64 *floor)
{
    gboolean never_falls = floor_make(self->bytes, points, floor);
    double rise = (double)floor[points - 1] - (double)floor[0];
    GrowthEvidence evidence = evidence_of(floor, points, never_falls);
    if (self->blocks != NULL && blocks < evidence)
        evidence = MAX(blocks, evidence_of(floor, points, FALSE));
    return found_of(evidence, rise, points - 1);
}

/* Evidence in survivors that are older than any block that the site ever freed: those born in the first `old`
 * points. The weaker evidence of bytes and blocks counts. */
static GrowthFound found_by_age(const GrowthSeries *self, guint points)
{
    gint64 old = self->oldest_freed == GROWTH_AGE_UNKNOWN || self->born_bytes == NULL
                     ? 0
                     : (gint64)points - 1 - self->oldest_freed;
    if (old < GROWTH_FEWEST_OLD)
        return (GrowthFound){0};
    GrowthEvidence bytes = evidence_of(self->born_bytes, (guint)old, TRUE),
                   blocks = evidence_of(self->born_blocks, (guint)old, TRUE);
    return found_of(MIN(bytes, blocks), (double)self->born_bytes[old - 1], (guint)old - 1);
}

GrowthFound growth_of_series(const GrowthSeries *self, guint points)
{
    if (points < GROWTH_QUARTERS + 1)
        return (GrowthFound){0};
    g_autofree gint64 *floor = g_new(gint64, points);
    GrowthFound blocks = found_by_blocks(self, points, floor);
    GrowthFound found = found_by_bytes(self, points, blocks.evidence, floor);
    if (found.evidence != GROWTH_SURE)
        found = stronger(found, found_by_age(self, points));
    return found.evidence != GROWTH_SURE ? stronger(found, blocks) : found;
}
