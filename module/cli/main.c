/* main.c - the tool `probity`: a table of commands, one file per command. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/credentials.h"
#include "base/descriptors.h"

#include <stdio.h>
#include <string.h>

static int command_version(int argc, char **argv);
static int command_help(int argc, char **argv);

static const struct command {
    const char *name;
    command_fn run;
    const char *arguments;
    const char *summary;
    const char *details;
} commands[] = {
    { "backfill", command_backfill, "FILE… [--service NAME] [--format FORMAT] [--config FILE]",
      "Count old logs into the ledger.",
      "Each line counts once, whatever the order of the files, however often this is run, and\n"
      "whether or not probityd has counted it.  Files may be gzipped.  A file belongs to the "
      "source\n"
      "whose log it lies beside, else to the only one there is.\n"
      "  --service NAME   the service of lines that name none\n"
      "  --format FORMAT  probity or combined, where it is not the source's\n"
      "  --config FILE    instead of PROBITY_CONFIG\n"
      "Exits with 0 when all is counted, with 1 when something could not be, with 2 on misuse.\n" },
    { "check-config", command_check_config, "[--markdown]",
      "Print every setting, where it came from, and what is wrong with it.",
      "Reads the environment as probityd would.  Exits with 0 when it can be used, with 1 when\n"
      "something is wrong.  --markdown prints docs/config.md instead.\n" },
    { "doctor", command_doctor, "[CHECK…] [--timeout 5s]",
      "Try everything that probityd would use once, and say what to change.",
      "  CHECK                a check's name, or ledger, state, socket, secrets, or a log's name;\n"
      "                       without any, all of them\n"
      "  --timeout DURATION   for each of them, all being tried at once; 5s by default\n"
      "Each dependency goes step by step: name, connect, TLS, authenticate, query.  Exits with 0\n"
      "when all is well, with 1 when something failed, with 2 on misuse.\n" },
    { "drain", command_drain, "[--reason REASON] [--socket PATH | --url URL]",
      "Take the instance beside it out of the traffic.",
      "  --reason REASON  shown by /health/ready\n"
      "  --socket PATH    its socket; without either PROBITY_LISTEN\n"
      "  --url URL        http://HOST:PORT of the nginx in front of it\n"
      "It is not ready from then on, whatever its checks say, and goes on until it is told to "
      "end.\n"
      "Exits with 0 when it drains, with 1 when it could not be told.  The token is\n"
      "PROBITY_ADMIN_TOKEN; without that it signs one itself with JWT_SECRET_KEY, else "
      "SECRET_KEY.\n" },
    { "explain", command_explain, "[PHRASE | --markdown]",
      "Say what a phrase of the health pages means, and what to do.",
      "  PHRASE      in quotes, as an answer has it: \"error: timeout after 1000 ms\"\n"
      "  --markdown  the table of docs/health.md\n"
      "Without any: all phrases.  Exits with 1 when no check says it.\n" },
    { "gate", command_gate,
      "[--url URL | --socket PATH] [--slo NAME] [--service NAME]\n"
      "                    [--min-budget SHARE] [--override REASON]",
      "Ask a running probityd whether to deploy.",
      "  --url URL            http://HOST:PORT of the nginx in front of it\n"
      "  --socket PATH        its socket; without either PROBITY_LISTEN\n"
      "  --slo NAME           only this objective\n"
      "  --service NAME       only the objectives of this service\n"
      "  --min-budget SHARE   what must be left of each budget, from 0 to 1; 0 by default\n"
      "  --override REASON    where it says stop: let it through all the same for 30 minutes, and\n"
      "                       put into the books who did it and why\n"
      "Exits with 0 for go, 1 for stop, 2 when nobody can tell.  The token is PROBITY_READ_TOKEN,\n"
      "else PROBITY_ADMIN_TOKEN, which an override needs.\n" },
    { "init", command_init, "[FOLDER] [--for PLATFORM] [--write]",
      "Look at an application, and say what Probity needs beside it.",
      "  FOLDER          the application's; without it the current one\n"
      "  --for PLATFORM  docker, fly, kubernetes, railway or systemd; else the one that it sees\n"
      "  --write         write the files of the platform that are not there yet; never over one\n"
      "                  that is\n"
      "It looks for a Dockerfile, platforms' and Compose's files, manifests, Procfile,\n"
      "package.json, requirements.txt and pyproject.toml, and at the names of variables.  What\n"
      "is to be copied stands as it is, all the rest are comments.\n" },
    { "maintenance", command_maintenance, "on | off | show [OPTIONS]",
      "Tell the whole fleet that operators work on a service.",
      "  on --reason TEXT --until TIME [--from TIME] [--drain] [--replace]\n"
      "                       alerts are silent and its minutes count against no objective; with\n"
      "                       --drain instances are not ready; --replace ends another one\n"
      "  off [ID]             end it now, or call off one that is to come\n"
      "  show [--all]         what goes on and what is to come; --all: what was, too\n"
      "  --service NAME       another one than PROBITY_SERVICE\n"
      "  --by NAME            who it was, instead of the user and the host\n"
      "A TIME is 2026-12-01T00:00:00Z, or how long from then on: 30m, 2h.  The ledger is\n"
      "PROBITY_LEDGER_URL, else DATABASE_URL.  Exits with 0 when it was done, with 1 when the\n"
      "ledger says otherwise (one goes on already, or none), with 2 when the arguments make no\n"
      "sense or the ledger is out of reach: then no instance has heard.\n" },
    { "migrate", command_migrate, "ACTION [TARGET] [--sql] [--newer-ok] [--lock-timeout 5s]",
      "Bring the ledger's schema to a revision.",
      "  current                      the revision that is applied\n"
      "  history                      every revision, and when it was applied\n"
      "  upgrade [+N | head | REV]    forward; without a target to the newest\n"
      "  downgrade [-N | base | REV]  back; without a target by one\n"
      "  stamp REV                    record a revision and change nothing else\n"
      "  --sql                        print the SQL and run nothing\n"
      "  --newer-ok                   leave a newer program's schema as it is, and exit with 0\n"
      "  --lock-timeout DURATION      give up when a lock is not free in time\n"
      "The ledger is PROBITY_LEDGER_URL, else DATABASE_URL.  Exits with 0 when it was done, with\n"
      "1 when it was refused, with 2 on misuse, or when the ledger is out of reach or a lock was\n"
      "not free (try again), with 3 when the schema is of a newer program.\n" },
    { "probe", command_probe,
      "ready|live|startup|GROUP [--socket PATH | --url URL] [--timeout 2s]\n"
      "                     [--verbose | -q]\n"
      "       probity probe celery [--node NAME] [--url BROKER] [--timeout 5s]\n"
      "                     [--key-prefix TEXT] [--broker-down-ok]",
      "Ask a running probityd for a health check's exit code.",
      "  ready, live, startup    /health/ready, /health/live, /health/startup\n"
      "  GROUP                   a group that the configuration names\n"
      "  --socket PATH           its socket; without either PROBITY_LISTEN\n"
      "  --url URL               http://HOST:PORT of the nginx in front of it\n"
      "  --timeout DURATION      2s by default; it never waits longer\n"
      "  --verbose, -v           a line for every check\n"
      "  --quiet, -q             nothing but the exit code\n"
      "celery asks the broker whether a worker is alive; no probityd is needed.\n"
      "  --node NAME             this worker, like celery@host, or @host for any of that host\n"
      "  --url BROKER            its broker; without it CELERY_BROKER_URL\n"
      "  --timeout DURATION      5s by default; a worker that is subscribed and silent by then is "
      "busy\n"
      "  --key-prefix TEXT       Celery's global_keyprefix\n"
      "  --broker-down-ok        0 also where the broker can't be asked: no restart mends that\n"
      "Exits with 0 when all is well, with 1 when it is not or nobody answers, with 2 on misuse.\n"
      "For Docker: HEALTHCHECK CMD [\"probity\", \"probe\", \"ready\"]\n" },
    { "serve", command_serve, "[-- COMMAND [ARGUMENT…]]",
      "Run nginx, probityd and perhaps the application in a container.",
      "nginx listens at PORT, probityd answers behind it, and everything else is passed on to\n"
      "PROBITY_UPSTREAM.  COMMAND is the application: when it ends, all ends with its status.\n"
      "SIGTERM drains, lets nginx finish, then ends the rest; a second one shortens that; SIGHUP\n"
      "reads the configuration anew.  Exits with 0 when it was told to end, with 1 when it can't\n"
      "go on, with 2 on misuse.  See Container in docs/config.md.\n" },
    { "slo", command_slo, "ACTION [ARGUMENTS]", "Check objectives, and put them into the ledger.",
      "  lint [PATH…] [--strict] [--json] everything that is wrong with files or folders of\n"
      "                                   OpenSLO (without any: with what is applied), and what\n"
      "                                   the alerts of each objective can do\n"
      "  apply PATH… [--effective-from TIME] [--author NAME] [--prune] [--dry-run] [--strict]\n"
      "                                   what differs becomes a new version in the ledger\n"
      "  list [--file PATH]               all versions, and which are in force\n"
      "  show NAME [--file PATH]          every version of an objective, as OpenSLO\n"
      "  export [NAME…] [--file PATH]     those in force, as OpenSLO\n"
      "The ledger is PROBITY_LEDGER_URL, else DATABASE_URL.  Exits with 0 when it was done, with "
      "1\n"
      "when definitions have errors, with 2 when the arguments make no sense or the ledger is out\n"
      "of reach.\n" },
    { "version", command_version, "", "Print the version.", "" },
    { "help", command_help, "[COMMAND]", "Explain a command.", "" },
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return find_command("version");
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return find_command("help");
    return NULL;
}

static int command_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return command_fail(COMMAND_MISUSED, "version", "takes no arguments");
    printf("probity %s\n", PACKAGE_VERSION);
    return COMMAND_DONE;
}

static int print_overview(void)
{
    printf("usage: probity COMMAND [ARGUMENTS]\n\n");
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        printf("  %-14s %s\n", commands[i].name, commands[i].summary);
    printf("\nSettings are environment variables: see probity check-config and probityd(8).\n");
    return COMMAND_DONE;
}

static int print_command(const struct command *command)
{
    printf("usage: probity %s%s%s\n\n%s\n", command->name, command->arguments[0] == '\0' ? "" : " ",
           command->arguments, command->summary);
    printf("%s", command->details);
    return COMMAND_DONE;
}

static int command_help(int argc, char **argv)
{
    const struct command *command;

    if (argc == 1)
        return print_overview();
    command = argc == 2 ? find_command(argv[1]) : NULL;
    if (command == NULL)
        return command_fail(COMMAND_MISUSED, "help", "there is no such command: run probity help");
    return print_command(command);
}

/* `probity COMMAND [WORD…] --help`, which everybody tries first. */
static bool asks_for_help(int argc, char **argv)
{
    int i = 2;

    while (i < argc && argv[i][0] != '-')
        i++;
    return i < argc && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0);
}

int main(int argc, char **argv)
{
    const struct command *command;
    struct error err = { 0 };
    int code;

    descriptors_fill_standard();
    if (argc < 2)
        return command_fail(COMMAND_MISUSED, "", "say a command: run probity help");
    command = find_command(argv[1]);
    if (command == NULL)
        return command_fail(COMMAND_MISUSED, "", "unknown command %.40s: run probity help",
                            argv[1]);
    if (credentials_import(&err) != 0)
        return command_fail(COMMAND_FAILED, argv[1], "%s", err.text);
    code = asks_for_help(argc, argv) ? print_command(command) : command->run(argc - 1, argv + 1);
    /* A full disk or a closed pipe must not look like success. */
    if (fflush(stdout) != 0 || ferror(stdout))
        return command_fail(COMMAND_FAILED, "", "the output can't be written");
    return code;
}
