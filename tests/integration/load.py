"""load.py - constant load on a port, and what became of each request.

As a program: load.py PORT FILE; it runs until SIGTERM, finishes what is under way and writes a JSON line
for each request: when it began, how long it took, which kind it was, what went wrong (null: nothing),
whether its connection had been used before, and which instance answered.  A request is never sent a
second time: what a client would have to try again is a failure here.
"""
# SPDX-License-Identifier: MIT
import asyncio
import base64
import hashlib
import itertools
import json
import os
import signal
import sys
import time

TIMEOUT_SECONDS = 15.0


class Failure(Exception):
    """What a client saw, in words."""


class Link:
    """A connection that is kept for as long as the server keeps it."""

    def __init__(self, port):
        self.port, self.reader, self.writer, self.used = port, None, None, 0

    async def open(self):
        """As every client's pool does: a connection that the server has closed is not used again."""
        if self.writer is not None and self.reader.at_eof():
            self.close()
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.used = 0

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer, self.used = None, 0

    async def send(self, method, target, body=b"", headers="", slowly=0.0):
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.writer.write(f"{method} {target} HTTP/1.1\r\nHost: shop.example\r\n{length}{headers}\r\n"
                          .encode())
        for start in range(0, len(body), 16384):
            self.writer.write(body[start:start + 16384])
            await self.writer.drain()
            await asyncio.sleep(slowly)
        await self.writer.drain()

    async def head(self):
        """The status and the headers of the answer."""
        try:
            text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError as error:
            raise Failure("closed in the middle of an answer's headers" if error.partial else
                          "closed without an answer") from error
        lines = text.split("\r\n")
        headers = {name.strip().lower(): value.strip()
                   for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        return int(lines[0].split(" ")[1]), headers

    async def body(self, headers):
        try:
            if headers.get("transfer-encoding") != "chunked":
                return await self.reader.readexactly(int(headers.get("content-length", 0)))
            parts = []
            while True:
                length = int(await self.reader.readuntil(b"\r\n"), 16)
                parts.append((await self.reader.readexactly(length + 2))[:-2])
                if length == 0:
                    return b"".join(parts)
        except asyncio.IncompleteReadError as error:
            raise Failure("closed in the middle of an answer") from error

    async def ask(self, method, target, body=b"", wanted="ok", slowly=0.0):
        """One request and its whole answer; returns who answered."""
        await self.open()
        await self.send(method, target, body, slowly=slowly)
        status, headers = await self.head()
        got = await self.body(headers)
        self.used += 1
        if headers.get("connection", "").lower() == "close":
            self.close()
        by = headers.get("x-app", "")
        if status != 200:
            raise Failure(f"{status} by {headers.get('x-server') or 'the balancer'}: "
                          f"{got[:60].decode('latin-1').strip()}")
        if not got.endswith(wanted.encode()):
            raise Failure(f"a wrong answer: {got[:60]!r}")
        return by

    async def websocket(self, seconds):
        """Says something each tenth of a second, hears it again, and closes in good order."""
        await self.open()
        key = base64.b64encode(os.urandom(16)).decode()
        await self.send("GET", "/ws", headers="Upgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n")
        status, headers = await self.head()
        if status != 101:
            raise Failure(f"{status} instead of 101")
        frames = [(0x81, b"word %d" % number) for number in range(int(seconds * 10))] + [(0x88, b"")]
        for first, text in frames:
            self.writer.write(bytes([first, 0x80 | len(text), 0, 0, 0, 0]) + text)
            try:
                if await self.reader.readexactly(2 + len(text)) != bytes([first, len(text)]) + text:
                    raise Failure("a wrong word came back")
            except asyncio.IncompleteReadError as error:
                raise Failure("a WebSocket was cut off") from error
            await asyncio.sleep(0.1)
        self.close()
        return headers.get("x-app", "")


class Load:
    def __init__(self, port, file):
        self.port, self.file, self.going = port, file, True
        self.numbers = itertools.count()

    async def once(self, kind, link, action):
        started, used, trouble, by = time.time(), link.used, None, ""
        began = time.monotonic()
        try:
            by = await asyncio.wait_for(action(link), TIMEOUT_SECONDS)
        except Failure as failure:
            trouble = str(failure)
        except asyncio.TimeoutError:
            trouble = f"no answer within {TIMEOUT_SECONDS:.0f} s"
        except OSError as error:
            trouble = f"{type(error).__name__}: {error.strerror or error}"
        if trouble is not None:
            link.close()
        self.file.write(json.dumps([round(started, 4), round(time.monotonic() - began, 4), kind,
                                    trouble, used > 0, by]) + "\n")

    async def lane(self, kind, pause, action, kept=True):
        """One request after another; on one connection, or a new one for each."""
        link = Link(self.port)
        await asyncio.sleep(pause * (next(self.numbers) % 10) / 10)
        while self.going:
            await self.once(kind, link, action)
            if not kept:
                link.close()
            await asyncio.sleep(pause)
        link.close()

    async def run(self):
        def quick(link):
            return link.ask("GET", "/items")

        def slow(link):
            return link.ask("GET", f"/slow?seconds={1 + next(self.numbers) % 9 / 4}")

        def post(link):
            body = bytes(range(256)) * (4 << next(self.numbers) % 8)
            return link.ask("POST", "/echo", body, hashlib.sha256(body).hexdigest())

        def upload(link):
            body = bytes(range(256)) * 1024
            return link.ask("POST", "/echo", body, hashlib.sha256(body).hexdigest(), slowly=0.1)

        def stream(link):
            return link.ask("GET", "/stream?seconds=2", wanted="end")

        def websocket(link):
            return link.websocket(2)

        lanes = ([("kept", 0.05, quick)] * 5 + [("slow", 0.05, slow)] * 4
                 + [("post", 0.1, post)] * 2 + [("upload", 0.1, upload)]
                 + [("sparse", 1.5, quick), ("sparse post", 1.5, post), ("stream", 0.1, stream)])
        once = [("new", 0.04, quick), ("new", 0.04, quick), ("new post", 0.1, post),
                ("websocket", 0.1, websocket)]
        await asyncio.gather(*(self.lane(*lane) for lane in lanes),
                             *(self.lane(*lane, kept=False) for lane in once))


async def main(port, path):
    with open(path, "w", encoding="utf-8", buffering=1) as file:
        load = Load(port, file)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM,
                                                      lambda: setattr(load, "going", False))
        await load.run()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
