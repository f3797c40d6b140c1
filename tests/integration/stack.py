"""stack.py - the servers of one test, started in order, stopped in reverse, judged at the end."""
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import http.client
import json
import os
import time

from process import wait_until
from servers import App, CeleryWorker, FakeApp, Nginx, Postgres, Probityd, Redis, run_tool

SECRET = "a-secret-of-this-test-stack-alone-0123456789"


def make_token(secret=SECRET, algorithm="HS256", header=None, **claims):
    """A JWT; without other claims an administrator's that is good for an hour."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    body = {"sub": "tester", "role": "admin", "exp": int(time.time()) + 3600, **claims}
    body = {name: value for name, value in body.items() if value is not None}
    head = header or {"alg": algorithm, "typ": "JWT"}
    signed = part(json.dumps(head).encode()) + b"." + part(json.dumps(body).encode())
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
    if algorithm not in digest:
        return (signed + b".").decode()
    return (signed + b"." + part(hmac.digest(secret.encode(), signed, digest[algorithm]))).decode()


class Answer:
    def __init__(self, response, body, seconds):
        self.status, self.headers, self.body = response.status, response.headers, body
        self.seconds = seconds

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} in {self.seconds * 1000:.0f} ms: {self.text[:400]}>"


def fetch(port, path, method="GET", headers=None, body=None, timeout=10):
    """One request on a connection of its own."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    started = time.monotonic()
    try:
        link.request(method, path, body=body, headers=headers or {})
        response = link.getresponse()
        return Answer(response, response.read(), time.monotonic() - started)
    finally:
        link.close()


class Stack:
    """Everything between a client and its answer; say which parts a test needs.

    app      "fake" (a FakeApp in this process), "demo" (uvicorn), or None: no check `app`
    nginx    the service's requests: /ok 200, /missing 404, /fail 500, unless app is "demo"
    env      further settings of probityd; a value of None takes a default away
    """

    def __init__(self, folder, template=None, app="fake", postgres=True, redis=True, celery=False,
                 migrate=True, nginx=None, env=None, postgres_settings=None):
        os.makedirs(folder, exist_ok=True)
        self.folder = str(folder)
        self.migrate = postgres and migrate
        self.postgres = Postgres(folder, template=template, settings=postgres_settings) \
            if postgres else None
        self.redis = Redis(folder) if redis else None
        self.celery = CeleryWorker(folder, self.redis.url()) if celery else None
        self.app = {"fake": FakeApp, "demo": lambda: App(folder, broker=self.redis.url()),
                    None: lambda: None}[app]()
        self.probityd = Probityd(folder)
        app_port = self.app.port if app == "demo" else None
        self.nginx = Nginx(folder, self.probityd.socket_path,
                           **{"app_port": app_port, **(nginx or {})})
        self.probityd.env = {**self.settings(), **(env or {})}

    def settings(self):
        env = {"JWT_SECRET_KEY": SECRET, "PROBITY_ACCESS_LOG": self.nginx.access_log}
        if self.app:
            env["PROBITY_APP"] = self.app.health_url
        if self.postgres:
            env["DATABASE_URL"] = self.postgres.url()
        if self.redis:
            env["REDIS_URL"] = self.redis.url()
        if self.celery:
            env["CELERY_BROKER_URL"] = self.redis.url()
        return env

    def parts(self):
        found = (self.postgres, self.redis, self.celery, self.app, self.nginx, self.probityd)
        return [part for part in found if part is not None]

    def start(self, probityd=True):
        for part in (self.postgres, self.redis, self.celery):
            if part:
                part.spawn() if part is not self.postgres else part.start()
        if self.migrate:
            self.tool("migrate", "upgrade", check=True)
        if isinstance(self.app, App):
            self.app.spawn()
        self.nginx.spawn()
        if probityd:
            self.probityd.spawn()
        for part in self.parts():
            if part is not self.probityd and not isinstance(part, FakeApp):
                part.wait_ready()
        if probityd:
            self.probityd.wait_ready()
        return self

    def stop(self):
        """Stops everything; returns what went wrong with the daemon, as text."""
        found = self.probityd.troubles() if self.probityd.child else []
        for part in reversed(self.parts()):
            part.stop()
        return found or (self.probityd.troubles() if self.probityd.child else [])

    def tool(self, *arguments, env=None, check=False):
        done = run_tool(*arguments, env={**self.probityd.env, **(env or {})})
        if check and done.returncode != 0:
            raise RuntimeError(f"probity {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done

    # Asking.
    def get(self, path, token=None, headers=None, **options):
        """`token` is a JWT or a static token; True stands for an administrator's."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = "Bearer " + (make_token() if token is True else token)
        return fetch(self.nginx.port, path, headers=headers, **options)

    def wait_for(self, path, status, timeout=10.0, **options):
        """Asks until the answer has that status; returns it."""
        last = []

        def asked():
            last[:] = [self.get(path, **options)]
            return last[0] if last[0].status == status else None
        try:
            return wait_until(asked, timeout, f"{path} to answer {status}")
        except AssertionError as error:
            raise AssertionError(f"{error}; last: {last}; log: {self.probityd.log_path}\n"
                                 + self.probityd.log_tail()) from None

    def wait_ready(self, timeout=15.0):
        return self.wait_for("/health/ready", 200, timeout)
