"""fake_http.py - an application whose answers are not what they should be.

Modes besides those of fake.py: a status (`503`), `endless` (a body without an end), `to_end` (no
length: the body ends with the connection), `chunked`, `broken_chunks`, `once` (closes behind each
answer without saying so).
"""
# SPDX-License-Identifier: MIT
from fake import Closed, Fake, main, read_some

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class FakeHttp(Fake):
    def serve(self, link):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                data += read_some(link)
            _, _, data = data.partition(b"\r\n\r\n")
            self.answer(link)

    def answer(self, link):
        if self.mode.isdigit():
            self.send(link, b"HTTP/1.1 %s Whatever\r\nContent-Length: 0\r\n\r\n"
                      % self.mode.encode())
        elif self.mode == "endless":
            self.send(link, b"HTTP/1.1 200 OK\r\n\r\n")
            while self.mode == "endless":
                link.sendall(b"x" * 4096)
        elif self.mode == "to_end":
            self.send(link, b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
            raise Closed
        elif self.mode == "chunked":
            self.send(link, HEAD + b"2\r\nok\r\n0\r\n\r\n")
        elif self.mode == "broken_chunks":
            self.send(link, HEAD + b"zz\r\nok\r\n0\r\n\r\n")
        else:
            self.send(link, OK)
            if self.mode == "once":
                raise Closed


if __name__ == "__main__":
    main(FakeHttp)
