"""fcgi.py - a raw FastCGI client, for what no web server would send."""
# SPDX-License-Identifier: MIT
import os
import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, GET_VALUES = 1, 2, 3, 4, 5, 6, 9
KEEP = 1


def record(kind, content=b"", request_id=1, padding=0, version=1):
    header = struct.pack(">BBHHBB", version, kind, request_id, len(content), padding, 0)
    return header + content + b"\0" * padding


def length(number):
    return bytes([number]) if number < 128 else struct.pack(">I", number | 0x80000000)


def pair(name, value):
    name, value = name.encode(), value if isinstance(value, bytes) else value.encode()
    return length(len(name)) + length(len(value)) + name + value


def begin(keep=True, role=1, request_id=1):
    return record(BEGIN, struct.pack(">HB5x", role, KEEP if keep else 0), request_id)


def params(path="/health", method="GET", **more):
    pairs = {"REQUEST_METHOD": method, "DOCUMENT_URI": path, **more}
    return b"".join(pair(name, value) for name, value in pairs.items())


def request(path="/health", keep=True, body=b"", **more):
    content = params(path, **more)
    parts = [begin(keep)]
    parts += [record(PARAMS, content[i:i + 65535]) for i in range(0, len(content), 65535)]
    parts += [record(PARAMS)]
    parts += [record(STDIN, body[i:i + 32768]) for i in range(0, len(body), 32768)]
    return b"".join(parts + [record(STDIN)])


class Closed(Exception):
    """The other side closed the connection in the middle of an answer, or before it."""


class Client:
    def __init__(self, path, timeout=5):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                part = self.socket.recv(count - len(data))
            except (ConnectionResetError, BrokenPipeError):
                part = b""
            if not part:
                raise Closed(f"{len(data)} of {count} bytes")
            data += part
        return data

    def answer(self):
        """Returns status, headers and body of the next answer."""
        out = b""
        while True:
            _, kind, _, size, padding, _ = struct.unpack(">BBHHBB", self.exactly(8))
            content = self.exactly(size + padding)[:size]
            if kind == STDOUT:
                out += content
            elif kind == END:
                break
        head, _, body = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(headers["Status"].split()[0]), headers, body

    def ask(self, path="/health", **more):
        self.send(request(path, **more))
        return self.answer()

    def is_closed(self, timeout=5):
        """Waits for the other side to close, and says whether it did."""
        self.socket.settimeout(timeout)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except (ConnectionResetError, BrokenPipeError):
            return True
        except socket.timeout:
            return False


def trial_program():
    return os.path.join(os.environ["PROBITY_BUILD"], "tests", "unit", "front", "front_trial")
