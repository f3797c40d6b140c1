"""fake_postgres.py - a Postgres that refuses, hangs and lies, by protocol version 3.

Modes besides those of fake.py: starting, shutting_down, too_many, no_database, wrong_password (at
login), and query:SQLSTATE, which lets everybody in and answers each query with that error
(query:53100 is a full disk).  `ok` lets everybody in and answers each query with one row of zeros;
`recovery` says that it is a standby.
"""
# SPDX-License-Identifier: MIT
import struct

from fake import Fake, main, read_some

REFUSALS = {
    "starting": ("57P03", "the database system is starting up"),
    "shutting_down": ("57P03", "the database system is shutting down"),
    "too_many": ("53300", "sorry, too many clients already"),
    "no_database": ("3D000", 'database "app" does not exist'),
    "wrong_password": ("28P01", 'password authentication failed for user "app"'),
}
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
INT4 = 23


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def error(severity, sqlstate, words):
    fields = ((b"S", severity), (b"V", severity), (b"C", sqlstate), (b"M", words))
    return message(b"E", b"".join(code + text.encode() + b"\0" for code, text in fields) + b"\0")


def row(values):
    columns = b"".join(b"c%d\0" % i + struct.pack("!IHIhih", 0, 0, INT4, 4, -1, 0)
                       for i in range(len(values)))
    cells = b"".join(struct.pack("!I", len(value)) + value for value in values)
    return (message(b"T", struct.pack("!H", len(values)) + columns)
            + message(b"D", struct.pack("!H", len(values)) + cells) + message(b"C", b"SELECT 1\0"))


READY = message(b"Z", b"I")
WELCOME = (message(b"R", struct.pack("!I", 0))
           + message(b"S", b"server_version\0" b"15.0\0") + message(b"S", b"client_encoding\0UTF8\0")
           + message(b"K", struct.pack("!II", 1, 1)) + READY)


class FakePostgres(Fake):
    def serve(self, link):
        data = self.greet(link)
        if data is None:
            return
        while True:
            while len(data) < 5 or len(data) < 1 + struct.unpack("!I", data[1:5])[0]:
                data += read_some(link)
            length = 1 + struct.unpack("!I", data[1:5])[0]
            kind, body, data = data[:1], data[5:length], data[length:]
            if kind == b"X":
                return
            if kind in (b"Q", b"S"):
                self.send(link, self.answer(kind, body))

    def greet(self, link):
        """Takes a client in; returns what it sent besides, or None when it was refused."""
        data = b""
        while True:
            while len(data) < 8 or len(data) < struct.unpack("!I", data[:4])[0]:
                data += read_some(link)
            length, code = struct.unpack("!II", data[:8])
            data = data[length:]
            if code == CANCEL_REQUEST:
                return None
            if code not in (SSL_REQUEST, GSS_REQUEST):
                break
            link.sendall(b"N")
        if self.mode in REFUSALS:
            link.sendall(error("FATAL", *REFUSALS[self.mode]))
            return None
        self.send(link, WELCOME)
        return data

    def answer(self, kind, body):
        if self.mode.startswith("query:"):
            return error("ERROR", self.mode.partition(":")[2], "as told") + READY
        head = b"1" if self.mode == "recovery" else b"0"
        columns = 14 if b"pg_stat_replication" in body else 2
        sets = message(b"C", b"SET\0") * body.count(b"SET LOCAL") if kind == b"Q" else b""
        return sets + row([head] + [b"0"] * (columns - 1)) + READY


if __name__ == "__main__":
    main(FakePostgres)
