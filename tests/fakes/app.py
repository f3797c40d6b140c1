"""app.py - an application as a process of its own, so that it can be killed and stopped.

app.py PORT STATUS_FILE [CERTIFICATE KEY]: answers every GET with the status in the file (200 without
one), over TLS where it has a certificate, which is read anew for each connection.
"""
# SPDX-License-Identifier: MIT
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = b'{"status": "ok"}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        try:
            with open(sys.argv[2], encoding="ascii") as file:
                status = int(file.read())
        except (OSError, ValueError):
            status = 200
        if status == 0:  # hangs up on who is connected
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def finish_request(self, request, client_address):
        if len(sys.argv) > 3:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[3], sys.argv[4])
            request = context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever(0.05)
