"""provers.py - those who ask from outside: a load balancer and a prober, as Debian ships them."""
# SPDX-License-Identifier: MIT
import csv
import os
import socket

from process import Process, free_port, port_answers
from stack import fetch

HAPROXY = """\
global
    stats socket {folder}/haproxy.sock mode 600 level admin
    log stderr format raw local0 info
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    timeout check 1s
    default-server inter 200ms fall 2 rise 1
{sections}
"""


class Haproxy(Process):
    """`sections` is the configuration behind global and defaults; {port} in it is ours."""

    name = "haproxy"

    def __init__(self, folder, sections):
        super().__init__(folder)
        self.port = free_port()
        self.sections = sections.replace("{port}", str(self.port))
        self.socket_path = os.path.join(self.folder, "haproxy.sock")

    def command(self):
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(HAPROXY.format(folder=self.folder, sections=self.sections))
        return ["haproxy", "-db", "-f", path]

    def ready(self):
        return port_answers(self.port)

    def ask(self, words):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(self.socket_path)
            link.sendall(words.encode() + b"\n")
            parts = []
            while part := link.recv(65536):
                parts.append(part)
        return b"".join(parts).decode()

    def server(self, backend, name):
        """What it thinks of a server: a row of `show stat` as a dictionary."""
        text = self.ask("show stat").removeprefix("# ")
        for row in csv.DictReader(text.splitlines()):
            if (row["pxname"], row["svname"]) == (backend, name):
                return row
        raise KeyError(f"{backend}/{name}")


BLACKBOX = """\
modules:
  http_2xx:
    prober: http
  ready:
    prober: http
    timeout: 1s
    http:
      preferred_ip_protocol: ip4
      follow_redirects: false
      valid_status_codes: [200]
      fail_if_body_not_matches_regexp: ['"status": "ready"']
      fail_if_header_not_matches:
        - header: Cache-Control
          regexp: no-store
"""


class Blackbox(Process):
    """Prometheus's blackbox_exporter: Debian's module http_2xx, and a stricter one, `ready`."""

    name = "blackbox"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()

    def command(self):
        path = os.path.join(self.folder, "blackbox.yml")
        with open(path, "w", encoding="ascii") as file:
            file.write(BLACKBOX)
        return ["prometheus-blackbox-exporter", f"--config.file={path}",
                f"--web.listen-address=127.0.0.1:{self.port}"]

    def ready(self):
        return port_answers(self.port)

    def probe(self, target, module):
        """Its metrics of one probe: name (with labels) -> value."""
        answer = fetch(self.port, f"/probe?target={target}&module={module}")
        lines = [line.rsplit(" ", 1) for line in answer.text.splitlines() if line[:1] != "#"]
        return {name: float(value) for name, value in lines}
