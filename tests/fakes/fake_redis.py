"""fake_redis.py - a Redis that says what it is told to say.

Modes besides those of fake.py: loading, noauth, wrongpass, readonly, replica_link_down, noperm_info,
no_info, bgsave_failed, misconf, masterdown, script, cluster_down, full, max_clients, no_pong,
sadd_oom, idle_close (hangs up after each answer).
"""
# SPDX-License-Identifier: MIT
import time

from fake import Closed, Fake, main, read_some

INFO = {"redis_version": "7.0.15", "connected_clients": "3", "used_memory": "1048576",
        "maxmemory": "0", "maxmemory_policy": "noeviction", "loading": "0",
        "rdb_last_bgsave_status": "ok", "aof_last_write_status": "ok", "role": "master"}

INFO_OF_MODE = {
    "loading": {"loading": "1"},
    "readonly": {"role": "slave", "slave_read_only": "1", "master_link_status": "up"},
    "replica_link_down": {"role": "slave", "slave_read_only": "1", "master_link_status": "down"},
    "bgsave_failed": {"rdb_last_bgsave_status": "err"},
    "full": {"maxmemory": "1048576"},
    "misconf": {"rdb_last_bgsave_status": "err"},
    "cluster_down": {"cluster_enabled": "1"},
}

# mode, command: what is answered instead
ERRORS = {
    ("loading", "PING"): "LOADING Redis is loading the dataset in memory",
    ("noauth", "*"): "NOAUTH Authentication required.",
    ("wrongpass", "AUTH"): "WRONGPASS invalid username-password pair or user is disabled.",
    ("noperm_info", "INFO"): "NOPERM this user has no permissions to run the 'info' command",
    ("no_info", "INFO"): "ERR unknown command 'INFO', with args beginning with: ",
    ("misconf", "PING"): "MISCONF Redis is configured to save RDB snapshots, but it's currently "
                         "unable to persist to disk.",
    ("masterdown", "PING"): "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is "
                            "set to 'no'.",
    ("script", "*"): "BUSY Redis is busy running a script. You can only call SCRIPT KILL or "
                     "SHUTDOWN NOSAVE.",
    ("max_clients", "*"): "ERR max number of clients reached",
    ("sadd_oom", "SADD"): "OOM command not allowed when used memory > 'maxmemory'.",
}


class FakeRedis(Fake):
    def __init__(self, mode="ok", port=0):
        self.seen = []
        super().__init__(mode, port)

    def serve(self, link):
        data = b""
        if self.mode == "max_clients":  # said unasked, before the end
            link.sendall(b"-ERR max number of clients reached\r\n")
            raise Closed
        while True:
            words, data = take_command(data)
            if words is None:
                data += read_some(link)
                continue
            self.seen.append(words)
            self.send(link, self.answer([word.decode("latin-1") for word in words]))
            if self.mode == "idle_close" and words[0] == b"PING":
                time.sleep(0.01)
                raise Closed

    def answer(self, words):
        name = words[0].upper()
        error = ERRORS.get((self.mode, name)) or ERRORS.get((self.mode, "*"))
        if error:
            return f"-{error}\r\n".encode()
        if name == "INFO":
            fields = {**INFO, **INFO_OF_MODE.get(self.mode, {})}
            text = "".join(f"{field}:{value}\r\n" for field, value in fields.items())
            return f"${len(text)}\r\n{text}\r\n".encode()
        if name == "CLUSTER":
            return b"$20\r\ncluster_state:fail\r\n\r\n"
        if name == "PING":
            return b"+PLOP\r\n" if self.mode == "no_pong" else b"+PONG\r\n"
        if name in ("DEL", "SADD", "SREM", "PUBLISH", "LLEN"):
            return b":0\r\n"
        if name == "EXEC":
            return b"*0\r\n"
        return b"+OK\r\n"


def take_command(data):
    """Takes one RESP command off `data`: its words (None when it isn't whole) and the rest."""
    lines = data.split(b"\r\n", 1)
    if len(lines) < 2:
        return None, data
    count, rest = int(lines[0][1:]), lines[1]
    words = []
    for _ in range(count):
        head = rest.split(b"\r\n", 1)
        if len(head) < 2 or len(head[1]) < int(head[0][1:]) + 2:
            return None, data
        length = int(head[0][1:])
        words.append(head[1][:length])
        rest = head[1][length + 2:]
    return words, rest


if __name__ == "__main__":
    main(FakeRedis)
