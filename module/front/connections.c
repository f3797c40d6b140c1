/* connections.c - a list of the free ones, threaded through the table. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/connections.h"

#include <unistd.h>

void connections_init(struct connections *table, struct reactor *reactor,
                      void (*run)(struct loop_handler *handler, uint32_t events))
{
    for (int i = LIMIT_CONNECTIONS - 1; i >= 0; i--) {
        struct connection *connection = &table->all[i];

        connection->handler.run = run;
        connection->reactor = reactor;
        connection->table = table;
        connection->fd = -1;
        connection->next_free = table->free;
        table->free = connection;
    }
}

struct connection *connections_take(struct connections *table, int fd)
{
    struct connection *connection = table->free;

    if (connection == NULL)
        return NULL;
    table->free = connection->next_free;
    table->open++;
    connection->fd = fd;
    connection->partial = connection->in_lane = connection->cut = false;
    return connection;
}

void connection_forget(struct connection *connection)
{
    connection->fd = -1;
    connection->next_free = connection->table->free;
    connection->table->free = connection;
    connection->table->open--;
}

void connection_close(struct connection *connection)
{
    (void)close(connection->fd);
    connection_forget(connection);
}
