/* site.h - where everything is: programs, templates, folders, the application's address. */
#ifndef SERVE_SITE_H
#define SERVE_SITE_H

#include "base/auto.h"
#include "base/error.h"
#include "config/config.h"

#include <limits.h>
#include <stdint.h>

struct site {
    const struct config *config; /* borrowed */
    char tool[PATH_MAX];         /* this program */
    char probityd[PATH_MAX];     /* beside it */
    char nginx[PATH_MAX];
    char template[PATH_MAX];
    char http_include[PATH_MAX];
    char server_include[PATH_MAX];
    char run_dir[PATH_MAX]; /* of the socket */
    char access_log[PATH_MAX];
    char prefix[128];        /* "" or "/internal" */
    char upstream_name[256]; /* the host of it, where that is a name and no address; else "" */
    char upstream[1100];     /* as nginx wants it; "": none */
    uint16_t upstream_port;  /* 0: a unix socket, or none */
};

/* Finds all of it.  Returns 0, or -errno with `err`: what is missing or can't be used, and what to
 * do about it. */
int site_find(const struct config *config, struct site *ret, struct error *err) MUST_CHECK;

/* Makes the folders that are not there, and looks whether they may be written.  Returns 0, or
 * -errno with `err`. */
int site_prepare(const struct site *site, struct error *err) MUST_CHECK;

/* The same for each part, for tests. */
int site_upstream(const char *text, struct site *site, struct error *err) MUST_CHECK;
int site_prefix(const char *text, struct site *site, struct error *err) MUST_CHECK;

#endif
