/* test_port.c - module/setup/port.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/port.h"

#include "suite.h"

static const struct row {
    const char *command;
    int port; /* -1: it names none */
} rows[] = {
    { "uvicorn app:app --port 8001", 8001 },
    { "uvicorn app:app --port=8001 --host 0.0.0.0", 8001 },
    { "gunicorn -w 4 -b 0.0.0.0:9000 app", 9000 },
    { "gunicorn --bind [::]:9000 app", 9000 },
    { "gunicorn --bind=unix:/run/app.sock app", -1 },
    { "python manage.py runserver 0.0.0.0:8000", 8000 },
    { "next start -p 3001", 3001 },
    { "uvicorn app:app --port $PORT", 0 },
    { "sh -c \"uvicorn app:app --port ${PORT:-8000}\"", 0 },
    { "gunicorn app -b :$PORT", 0 },
    { "flask run --port", -1 },
    { "celery -A app worker --pool threads", -1 },
    { "server --portable 7", -1 },
    { "server --port 99999999", -1 },
    { "server --port 0", -1 },
    { "", -1 },
};

START_TEST(a_command_tells_its_port)
{
    int port = -1;
    bool named = port_of_command(rows[_i].command, &port);

    ck_assert_int_eq(named, rows[_i].port >= 0);
    ck_assert_int_eq(port, rows[_i].port);
}
END_TEST

TCase *port_cases(void)
{
    TCase *cases = tcase_create("port");

    tcase_add_loop_test(cases, a_command_tells_its_port, 0, (int)ARRAY_LENGTH(rows));
    return cases;
}
