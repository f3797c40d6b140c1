"""fake_web.py - a web server that answers each path as it is told to, in TLS if it has a certificate.

    web = FakeWeb({"/ok": (200, b"body"), "/teapot": (418, b"", {"X-A": "b"})})
    web.answers["/ok"] = lambda request: (200, request.body)

A path that is not told is a 404.  `requests` holds what was asked, the last 100.
"""
# SPDX-License-Identifier: MIT
import collections
import ssl

from fake import Fake, read_some

Request = collections.namedtuple("Request", "method path headers body")


class FakeWeb(Fake):
    def __init__(self, answers=None, certificate=None, client_ca=None, version=None):
        self.answers = dict(answers or {})
        self.requests = collections.deque(maxlen=100)
        self.names = collections.deque(maxlen=100)
        self.context = None
        self.client_ca, self.version = client_ca, version
        self.refused = 0
        if certificate:
            self.show(certificate)
        super().__init__()

    def show(self, certificate):
        """From the next connection on this certificate is shown."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.path, certificate.key)
        context.sni_callback = lambda _link, name, _context: self.names.append(name)
        if self.version:
            context.maximum_version = self.version
        if self.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.client_ca)
        self.context = context

    def attend(self, link):
        if self.context and self.mode == "ok":
            try:
                link = self.context.wrap_socket(link, server_side=True)
            except (OSError, ssl.SSLError):
                self.refused += 1
                link.close()
                return
        super().attend(link)

    def serve(self, link):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                data += read_some(link)
            head, _, data = data.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value.strip()
                       for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length", 0))
            while len(data) < length:
                data += read_some(link)
            method, path, _ = first.split(" ")
            request = Request(method, path, headers, data[:length])
            data = data[length:]
            self.requests.append(request)
            self.send(link, self.answer(request))

    def answer(self, request):
        found = self.answers.get(request.path, (404, b""))
        status, body, *headers = found(request) if callable(found) else found
        lines = {"Content-Length": len(body), **(headers[0] if headers else {})}
        return (f"HTTP/1.1 {status} Whatever\r\n"
                + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
                + "\r\n").encode() + body
