/* Puts results and comparisons into words, of which findings and passages are made. */
#ifndef HEAPGATE_REPORT_EXPLAIN_H
#define HEAPGATE_REPORT_EXPLAIN_H

#include "result/result.h"

enum { EXPLAIN_COLUMNS = 300 }; /* of a sentence, at most */

/* The comparisons that made the verdict regressed or improved, by the rank of their metrics; (transfer
 * container), of const Comparison. Empty for any other verdict. */
GPtrArray *explain_comparisons(const InstrumentResult *instrument);
/* The sentence of a verdict that no such comparison explains, as it came: not harmless (model/text.h);
 * (transfer none), or NULL. */
const char *explain_whole(const InstrumentResult *instrument);
/* Why the verdict is what it is, one harmless line; (transfer full). */
char *explain_headline(const InstrumentResult *instrument);
/* The numbers in one line: "growth 48 B/iteration, was 0 B, allowed 0 B"; (transfer full). */
char *explain_comparison(const Comparison *comparison);
/* A value without "/iteration", for lines that have said it; (transfer full). */
char *explain_value(MetricId metric, gint64 value);
/* "48 B more in every iteration after warm-up"; (transfer full). */
char *explain_change(const Comparison *comparison);
/* Does the comparison's sentence say no more than explain_comparison? */
gboolean explain_says_only_numbers(const Comparison *comparison);
/* The smallest leak that the run would have shown: "16 B/iteration", "1 B lost"; (transfer full), or NULL
 * where that is not known. */
char *explain_smallest_leak(const InstrumentResult *instrument);
/* What to do about the verdict, one line, as a rule with a command; (transfer full), or NULL on a pass.
 * instrument: may be NULL. */
char *explain_advice(const ScenarioResult *scenario, const InstrumentResult *instrument, Verdict verdict);

#endif
