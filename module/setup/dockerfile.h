/* dockerfile.h - what the last stage of a Dockerfile runs, as whom, upon what.  Pure. */
#ifndef SETUP_DOCKERFILE_H
#define SETUP_DOCKERFILE_H

#include "setup/survey.h"

/* A reader for the table in survey.c. */
void dockerfile_read(struct survey *survey, const char *where, struct slice text);

#endif
