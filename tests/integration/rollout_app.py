"""rollout_app.py - the application of a rolling deploy: quick and slow answers, bodies, streams, WebSockets.

Run as a program.  PORT is where it listens; ROLLOUT_NAME stands in each answer.  It ends on SIGTERM as
uvicorn and gunicorn do: nothing new is accepted, what is under way is finished.  ROLLOUT_FAULT makes it
a bad version: `deaf` never listens, `crash` serves for a second and ends with status 3.
"""
# SPDX-License-Identifier: MIT
import asyncio
import base64
import hashlib
import os
import signal
import sys

IDLE_SECONDS = 5.0  # uvicorn's and Node's own: a connection that is idle for longer is closed
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
NAME = os.environ.get("ROLLOUT_NAME", "app")


class App:
    def __init__(self):
        self.busy, self.idle, self.ending = 0, set(), False
        self.done = asyncio.Event()

    def end(self):
        self.ending = True
        self.server.close()
        for writer in self.idle:
            writer.close()
        self.settle()

    def settle(self):
        if self.ending and self.busy == 0:
            self.done.set()

    async def connection(self, reader, writer):
        try:
            while not self.ending:
                self.idle.add(writer)
                try:
                    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
                finally:
                    self.idle.discard(writer)
                self.busy += 1
                try:
                    if not await self.request(head, reader, writer):
                        break
                finally:
                    self.busy -= 1
                    self.settle()
        except (asyncio.IncompleteReadError, asyncio.TimeoutError, OSError):
            pass
        finally:
            writer.close()

    async def request(self, head, reader, writer):
        """Returns whether the connection is kept."""
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {name.strip().lower(): value.strip()
                   for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path, _, query = target.partition("?")
        seconds = float(query.partition("=")[2] or 0)
        if path == "/ws":
            await self.websocket(headers, reader, writer)
            return False
        if path == "/stream":
            await self.stream(seconds, writer)
            return not self.ending
        await asyncio.sleep(seconds)
        text = hashlib.sha256(body).hexdigest() if method == "POST" else "ok"
        self.answer(writer, text)
        await writer.drain()
        return not self.ending

    def answer(self, writer, text):
        kept = "close" if self.ending else "keep-alive"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-App: {NAME}\r\n"
                     f"Content-Length: {len(text)}\r\nConnection: {kept}\r\n\r\n{text}".encode())

    async def stream(self, seconds, writer):
        """A line each tenth of a second, and `end` at the end: who gets less knows it."""
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-App: {NAME}\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n".encode())
        for number in range(int(seconds * 10)):
            line = f"{number}\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(line), line))
            await writer.drain()
            await asyncio.sleep(0.1)
        writer.write(b"3\r\nend\r\n0\r\n\r\n")
        await writer.drain()

    async def websocket(self, headers, reader, writer):
        """Echoes short frames until the client closes."""
        key = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + GUID).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"X-App: " + NAME.encode() + b"\r\nSec-WebSocket-Accept: " + key + b"\r\n\r\n")
        while True:
            first, length = await reader.readexactly(2)
            mask = await reader.readexactly(4)
            masked = await reader.readexactly(length & 127)
            text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))
            writer.write(bytes([first, len(text)]) + text)
            await writer.drain()
            if first & 15 == 8:
                return


async def main():
    app = App()
    fault = os.environ.get("ROLLOUT_FAULT", "")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: app.end() if hasattr(app, "server") else sys.exit(0))
    if fault == "deaf":
        await asyncio.sleep(3600)
    await asyncio.sleep(float(os.environ.get("ROLLOUT_START_SECONDS", "0")))
    app.server = await asyncio.start_server(app.connection, "0.0.0.0", int(os.environ["PORT"]),
                                            backlog=1024)
    if fault == "crash":
        await asyncio.sleep(1)
        os._exit(3)
    await app.done.wait()
    await asyncio.sleep(0.01)  # the last answer leaves


if __name__ == "__main__":
    asyncio.run(main())
