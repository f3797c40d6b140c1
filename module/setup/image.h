/* image.h - what is known of base images by their names.  Pure. */
#ifndef SETUP_IMAGE_H
#define SETUP_IMAGE_H

#include <stdbool.h>

enum image_family { IMAGE_DEBIAN, IMAGE_ALPINE, IMAGE_RED_HAT, IMAGE_BARE, IMAGE_UNKNOWN };

struct image {
    enum image_family family;
    bool has_our_glibc; /* one that is as new as the builder's */
    const char *why;    /* a part of a sentence */
};

/* The sort of image that `name` is, like "python:3.11-slim-bookworm". */
const struct image *image_find(const char *name);

#endif
