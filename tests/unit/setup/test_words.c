/* test_words.c - module/setup/words.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/words.h"

#include "suite.h"

static const char *const list[] = { "python", "-c", "print(\"a\\n\")", "8080", "x8080", "", NULL };

static const struct row {
    struct survey_command command;
    const char *items;
    const char *line;
} rows[] = {
    { { "", "uvicorn  app:app --port 8080", NULL },
      ", \"uvicorn\", \"app:app\", \"--port\", \"8000\"",
      "uvicorn app:app --port 8000" },
    { { "", "serve -b 0.0.0.0:8080 --port=8080", NULL },
      ", \"serve\", \"-b\", \"0.0.0.0:8000\", \"--port=8000\"",
      "serve -b 0.0.0.0:8000 --port=8000" },
    { { "", "serve --port $PORT", NULL },
      ", \"sh\", \"-c\", \"exec serve --port $PORT\"",
      "sh -c 'exec serve --port $PORT'" },
    { { "", "cd /a && serve", NULL },
      ", \"sh\", \"-c\", \"cd /a && serve\"",
      "sh -c 'cd /a && serve'" },
    { { "", "serve 'a b'", NULL },
      ", \"sh\", \"-c\", \"exec serve 'a b'\"",
      "sh -c 'exec serve '\\''a b'\\'''" },
    { { "", NULL, list },
      ", \"python\", \"-c\", \"print(\\\"a\\\\n\\\")\", \"8000\", \"x8080\", \"\"",
      "python -c 'print(\"a\\n\")' 8000 x8080 ''" },
};

static const struct words_move move = { 8080, 8000 };

START_TEST(a_command_becomes_a_list)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 4096);
    words_append(&buf, &rows[_i].command, &move, WORDS_JSON);
    ck_assert_str_eq(buf_text(&buf), rows[_i].items);
}
END_TEST

START_TEST(a_command_becomes_a_line)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 4096);
    words_append(&buf, &rows[_i].command, &move, WORDS_LINE);
    ck_assert_str_eq(buf_text(&buf), rows[_i].line);
}
END_TEST

TCase *words_cases(void)
{
    TCase *cases = tcase_create("words");

    tcase_add_loop_test(cases, a_command_becomes_a_list, 0, (int)ARRAY_LENGTH(rows));
    tcase_add_loop_test(cases, a_command_becomes_a_line, 0, (int)ARRAY_LENGTH(rows));
    return cases;
}
