/* Scenarios as tests write them: texts, in a project of their own. */
#ifndef HEAPGATE_TESTS_SCENARIO_SCENARIO_TEXT_H
#define HEAPGATE_TESTS_SCENARIO_SCENARIO_TEXT_H

#include "scenario/scenario.h"

/* What every scenario needs. */
#define MINIMAL "run: [sqlite3]\ninstruments: [massif]\n"

/* The project of the test that runs, and its folder, whole. (transfer none) */
extern Project *scenario_project;
extern char *scenario_folder;

/* A fixture: makes the project and its folder, and takes them away. */
void scenario_text_setup(void);
void scenario_text_teardown(void);

/* Writes a file of the project; relative: below its folder. */
void scenario_text_write(const char *relative, const char *text);

/* Reads a text as scenarios/orders.yaml. (transfer full); NULL with an error. */
Scenario *scenario_text_try(const char *text, gsize length, GError **error);

/* The same; the test fails where it cannot be read. (transfer full) */
Scenario *scenario_text_parse(const char *text);

/* The test fails unless the error's message begins so. text: what was read. */
void scenario_text_check_message(const GError *error, const char *expected, const char *text);

/* The test fails unless the text is refused so. expected: what the message begins with, after the file's
 * name. */
void scenario_text_check_refused(const char *text, const char *expected);

/* The same for each row up to one without a text. */
typedef struct {
    const char *text, *expected;
} RefusedText;
void scenario_text_check_all_refused(const RefusedText *rows);

#endif
