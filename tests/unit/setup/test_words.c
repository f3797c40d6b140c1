/* test_words.c - module/setup/words.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/words.h"

#include "suite.h"

static const char *const list[] = { "python", "-c", "print(\"a\\n\")", "8080", "x8080", NULL };

static const struct row {
    struct survey_command command;
    const char *words;
} rows[] = {
    { { "", "uvicorn  app:app --port 8080", NULL },
      ", \"uvicorn\", \"app:app\", \"--port\", \"8000\"" },
    { { "", "serve -b [::1]:8080 --port=8080", NULL },
      ", \"serve\", \"-b\", \"[::1]:8000\", \"--port=8000\"" },
    { { "", "serve --port $PORT", NULL }, ", \"sh\", \"-c\", \"exec serve --port $PORT\"" },
    { { "", "cd /a && serve", NULL }, ", \"sh\", \"-c\", \"cd /a && serve\"" },
    { { "", "serve 'a b'", NULL }, ", \"sh\", \"-c\", \"exec serve 'a b'\"" },
    { { "", NULL, list }, ", \"python\", \"-c\", \"print(\\\"a\\\\n\\\")\", \"8000\", \"x8080\"" },
};

START_TEST(a_command_becomes_words)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 4096);
    words_append(&buf, &rows[_i].command, 8080, 8000);
    ck_assert_str_eq(buf_text(&buf), rows[_i].words);
}
END_TEST

TCase *words_cases(void)
{
    TCase *cases = tcase_create("words");

    tcase_add_loop_test(cases, a_command_becomes_words, 0, (int)ARRAY_LENGTH(rows));
    return cases;
}
