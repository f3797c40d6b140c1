"""fake.py - what all fake servers share: a listener, a thread for each connection, and bad manners.

    hang      connections are taken and never answered
    close     connections are closed as soon as they are taken
    truncate  half of an answer, then the end
    garbage   bytes of no protocol
    drip      the answer, a byte at a time, 50 ms apart
    refuse    nobody listens

Any other mode means something to the kind of server; `ok` is the one that behaves.  A mode can be
set at any time: connections that there are follow it with their next answer.
"""
# SPDX-License-Identifier: MIT
import socket
import sys
import threading
import time

GARBAGE = b"\x00\xff\x7fSSH-2.0-not-what-you-think\r\n\r\n" * 4


class Closed(Exception):
    """The connection has ended, on either side."""


class Fake:
    def __init__(self, mode="ok", port=0, host="127.0.0.1"):
        self.mode = mode
        self.host = host
        self.accepted = 0
        self.asked = 0
        self.links = set()
        self.lock = threading.Lock()
        self.listener = None
        self.port = port
        self.listen()

    # What a kind of server adds.
    def serve(self, link):
        """Reads questions from `link` and answers each with self.send(link, …)."""
        raise NotImplementedError

    # What a test does.
    def set(self, mode):
        if self.mode == "refuse" and mode != "refuse":
            self.listen()
        self.mode = mode
        if mode == "refuse":
            self.hang_up()
            self.shut()

    def hang_up(self):
        """Closes every connection that there is."""
        with self.lock:
            links = list(self.links)
        for link in links:
            end(link)

    def stop(self):
        self.hang_up()
        self.shut()

    # How it works.
    def listen(self):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.listener = socket.create_server((self.host, self.port), family=family, backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def shut(self):
        end(self.listener)
        self.listener.close()

    def accept(self, listener):
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.attend, args=(link,), daemon=True).start()

    def attend(self, link):
        with self.lock:
            self.links.add(link)
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.mode != "close":
                self.serve(link)
        except (Closed, OSError):
            pass
        finally:
            with self.lock:
                self.links.discard(link)
            link.close()

    def send(self, link, answer):
        """Sends `answer` in the manner of the mode."""
        self.asked += 1
        if self.mode == "hang":
            while self.mode == "hang":
                time.sleep(0.02)
            raise Closed
        if self.mode == "close":
            raise Closed
        if self.mode == "truncate":
            link.sendall(answer[:len(answer) // 2])
            raise Closed
        if self.mode == "garbage":
            link.sendall(GARBAGE)
            return
        if self.mode == "drip":
            for i in range(len(answer)):
                link.sendall(answer[i:i + 1])
                time.sleep(0.05)
            return
        link.sendall(answer)


def end(link):
    try:
        link.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def read_some(link):
    data = link.recv(65536)
    if not data:
        raise Closed
    return data


def main(kind):
    """KIND.py [PORT [MODE]]: prints its port, then takes modes on stdin."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    fake = kind(sys.argv[2] if len(sys.argv) > 2 else "ok", port)
    print(fake.port, flush=True)
    for line in sys.stdin:
        fake.set(line.strip())
        print("ok", flush=True)
