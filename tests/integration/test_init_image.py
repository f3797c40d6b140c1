"""probity init: what it prints for a Dockerfile is appended as it stands, built, and run."""
# SPDX-License-Identifier: MIT
import os
import shutil
import subprocess
import urllib.request

import pytest

from containers import Engine, supported
from process import REPOSITORY, free_port, plain_environment, wait_until
from servers import build_path

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("containers"),
              pytest.mark.skipif(not supported(), reason="needs root, buildah and mmdebstrap")]

APP = """\
import http.server, socketserver, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.path.encode())
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[2])), Page).serve_forever()
"""
DOCKERFILE = """\
FROM python:3.11-slim
RUN useradd --no-create-home shop
COPY app.py /app.py
USER shop
HEALTHCHECK CMD curl -f http://localhost:PORT/status
CMD ["python", "/app.py", "--port", "PORT"]
"""


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    made.build(REPOSITORY, "probity-tree", dockerfile=os.path.join("deploy", "docker", "Dockerfile"),
               target="tree")
    yield made
    made.close()


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
        return answer.read().decode()


# One that has a port of its own, and one that has the port of nginx.
@pytest.mark.parametrize("before", [18001, 8080])
def test_the_lines_for_a_dockerfile_make_an_image_that_serves(engine, folder, before):
    context = os.path.join(folder, "shop")
    os.makedirs(context)
    with open(os.path.join(context, "app.py"), "w", encoding="ascii") as file:
        file.write(APP)
    with open(os.path.join(context, "Dockerfile"), "w", encoding="ascii") as file:
        file.write(DOCKERFILE.replace("PORT", str(before)))
    printed = subprocess.run([build_path("probity"), "init", context], env=plain_environment(),
                             capture_output=True, text=True, check=True).stdout
    with open(os.path.join(context, "Dockerfile"), "a", encoding="ascii") as file:
        file.write(printed)
    image = engine.build(context, "probity-init-shop")
    port = free_port()
    container = engine.run(image, env={"PORT": str(port), "PROBITY_REQUIRE": "app"}, network="none"
                           if before == 8080 else "host")
    try:
        wait_until(lambda: container.exec("probity", "probe", "ready").returncode
                   == 0, 30, "the application to be ready: " + container.logs())
        if before != 8080:
            assert get(port, "/orders/1") == "/orders/1"
            assert '"app": "ok"' in get(port, "/health/ready")
        wait_until(lambda: container.health == "healthy", 20, "the image's health check")
        assert container.stop(30) == 0
    finally:
        container.remove(force=True)
        shutil.rmtree(context)
