#!/bin/sh
# docker-entrypoint.sh - as the official image: options alone are redis-server's, and no root.
# SPDX-License-Identifier: MIT
set -eu
case $1 in -* | *.conf) set -- redis-server --protected-mode no "$@" ;; esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=redis --regid=redis --init-groups "$@"
fi
exec "$@"
