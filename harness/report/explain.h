/* What is said of results and comparisons, in words: the parts that findings and passages are made of. */
#ifndef HEAPGATE_REPORT_EXPLAIN_H
#define HEAPGATE_REPORT_EXPLAIN_H

#include "result/result.h"

enum { EXPLAIN_COLUMNS = 300 }; /* of a sentence, at most */

/* The comparisons that made the verdict regressed or improved, the most telling first; (transfer container),
 * of const Comparison. Empty where the verdict is of the run as a whole. */
GPtrArray *explain_comparisons(const InstrumentResult *instrument);
/* The sentence of a verdict that is of the run as a whole, as it came; (transfer none) or NULL. */
const char *explain_whole(const InstrumentResult *instrument);
/* Why the verdict is what it is, one clean line; (transfer full). */
char *explain_headline(const InstrumentResult *instrument);
/* One line: "growth +48 B/iteration, allowed 0 B"; (transfer full). */
char *explain_comparison(const Comparison *comparison);
/* A value as a person reads it, without the "/iteration" that its line has said already; (transfer full). */
char *explain_value(MetricId metric, gint64 value);
/* "48 B more in every iteration after warm-up"; (transfer full). */
char *explain_change(const Comparison *comparison);
/* TRUE where the comparison's sentence says nothing that explain_comparison does not. */
gboolean explain_says_only_numbers(const Comparison *comparison);
/* "16 B/iteration", "1 B lost": the smallest leak the run could have seen; (transfer full) or NULL. */
char *explain_smallest_leak(const InstrumentResult *instrument);
/* What to do about the verdict, one line with the command; (transfer full) or NULL on a pass. */
char *explain_advice(const ScenarioResult *scenario, const InstrumentResult *instrument, Verdict verdict);

#endif
