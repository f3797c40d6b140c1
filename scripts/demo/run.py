"""run.py - starts the demo stack under .run/, keeps probityd alive, stops everything at the end."""
# SPDX-License-Identifier: MIT
import glob
import http.client
import os
import random
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid

import yesterday

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(REPOSITORY, "tests", "integration"))
os.environ["PROBITY_BUILD"] = os.path.join(REPOSITORY, ".build", "run")
RUN = os.path.join(REPOSITORY, ".run")
TOOLS = ("/usr/lib/postgresql/15/bin/postgres", "redis-server", "nginx", "setpriv")
OURS = ("PROBITY_", "DATABASE_", "REDIS_", "UPSTASH_", "CELERY_", "JWT_", "SECRET_KEY", "APP_")
LONGEST_SOCKET_PATH = 90  # what PROBITY_LISTEN takes

TOUR = """
Probity answers at {base} for the demo application behind the same nginx.
In another terminal: . {run}/env

  curl -s {base}/health/ready
  curl -s {base}/slo/app-availability
  curl -s {base}/v1/items/7                       a request of the application itself
  curl -s -H "Authorization: Bearer $TOKEN" {base}/health/detailed
  curl -s {base}/metrics

  kill -9 $(cat .run/redis.pid); sleep 0.3; curl -s {base}/health/ready
  probity doctor redis                            at which step it fails, and what to change
  ./scripts/run start redis                       brings it back; so with the other servers
  ./scripts/run start celery                      Debian's worker needs it after Redis was away

  curl -s {base}/health/shop                      a group of one more check, of .run/checks.yaml
  probity check-config                            every value, and how soon which failure shows
  kill -HUP $(cat .run/probityd.pid)              when you have changed it: the log says what is new
  probity maintenance on --reason tour --until 5m --drain;  probity maintenance off
  probity drain; probity probe ready              ./scripts/run start probityd makes it ready again

  probity gate --url {base} --slo app-availability && echo deploy
  probity slo lint .run/objectives.yaml           the shop's own objectives: what their alerts can do
  probity slo apply .run/objectives.yaml          they take the built-in ones' place, without a restart
  probity slo list
  probity backfill --format combined .run/log/yesterday.log.gz      an old log, counted once
  curl -s '{base}/slo/shop-answers/history?from=-1d&step=1h'

Logs are in .run/log, pids in .run/NAME.pid.  Ctrl-C stops everything and keeps the ledger.
"""


def tour(base):
    """The commands in a column, what they show in another."""
    lines = []
    for line in TOUR.format(base=base, run=os.path.relpath(RUN)).split("\n"):
        command, gap, words = line.rpartition("    ")
        lines.append(f"{command.rstrip():<64}  {words}" if gap else line)
    return "\n".join(lines)


class Stop(BaseException):
    """A signal asked us to end."""


def say(text):
    try:
        print(text, flush=True)
    except OSError:  # whoever started us has closed our output; the stack goes on
        pass


def fail(text):
    sys.exit(f"scripts/run: {text}")


def chosen_port():
    text = os.environ.get("PORT") or "8080"
    if not text.isdigit() or not 0 < int(text) < 65536:
        fail(f"PORT={text} is no port: give a number from 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
            probe.listen()
        except OSError as error:
            fail(f"port {text} can't be used ({os.strerror(error.errno).lower()}): "
                 "choose another with PORT=…")
    return int(text)


def check():
    """What can be known before anything is built, one line each."""
    chosen_port()
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for tool in TOOLS:
        if not shutil.which(tool, path=path):
            fail(f"{tool} is missing: ./scripts/deps run installs it")


def kept_secret(name):
    """A secret of this checkout's own, so that a token outlives a restart."""
    path = os.path.join(RUN, name)
    if not os.path.exists(path):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def admin_token(env):
    from stack import make_token  # pylint: disable=import-outside-toplevel
    claims = {"role": None}
    for setting, default in (("PROBITY_ADMIN_CLAIM", "role=admin"), ("PROBITY_JWT_REQUIRE", "")):
        name, _, value = (env.get(setting) or default).partition("=")
        if name:
            claims[name] = True if value == "true" else value
    for setting, claim in (("JWT_ISSUER", "iss"), ("JWT_AUDIENCE", "aud")):
        if env.get(setting):
            claims[claim] = env[setting]
    secret = env.get("JWT_SECRET_KEY") or env.get("SECRET_KEY") or "none"
    algorithm = env.get("JWT_ALGORITHM") or "HS256"
    return make_token(secret, algorithm, exp=int(time.time()) + 30 * 86400, **claims)


class Traffic(threading.Thread):
    """A gentle stream of real requests: every route, some slow, some failing."""

    def __init__(self, port, rate):
        super().__init__(daemon=True)
        self.port, self.rate = port, rate

    def run(self):
        while True:
            time.sleep(random.expovariate(self.rate))
            method, path = random.choices(*zip(*self.routes()))[0]
            try:
                link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                link.request(method, path, headers={"User-Agent": "demo-traffic"})
                link.getresponse().read()
                link.close()
            except (OSError, http.client.HTTPException):
                pass

    @staticmethod
    def routes():
        return (
            (("GET", "/"), 2), (("GET", "/v1/items"), 3),
            (("GET", f"/v1/items/{random.randint(1, 42)}"), 6),
            (("GET", f"/v1/orders/{uuid.uuid4()}"), 4), (("POST", "/v1/orders"), 1),
            (("GET", "/v1/slow"), 0.6), (("GET", "/v1/flaky"), 0.6), (("POST", "/v1/report"), 0.4),
        )


class Demo:
    """The six servers, in the order in which they start."""

    def __init__(self, port):
        import servers  # pylint: disable=import-outside-toplevel
        self.servers = servers
        socket_path = os.environ.get("PROBITY_LISTEN") or os.path.join(RUN, "probity.sock")
        if len(socket_path) > LONGEST_SOCKET_PATH:
            fail(f"the socket's path is too long for the kernel ({socket_path}): "
                 "set PROBITY_LISTEN to a shorter one")
        self.postgres = servers.Postgres(RUN)
        self.redis = servers.Redis(RUN)
        self.celery = servers.CeleryWorker(RUN, self.redis.url())
        self.app = servers.App(RUN, broker=self.redis.url())
        self.probityd = servers.Probityd(RUN)
        self.nginx = servers.Nginx(RUN, socket_path, port=port, app_port=self.app.port)
        self.env = self.settings(socket_path)
        self.probityd.env = self.env
        self.given_up = set()
        self.restarting = set()
        self.started_at = 0.0
        self.told_at = 0.0

    @property
    def parts(self):
        return (self.postgres, self.redis, self.celery, self.app, self.probityd, self.nginx)

    def settings(self, socket_path):
        """What the stack is, unless the environment says otherwise."""
        theirs = {name: value for name, value in os.environ.items() if name != "PROBITY_BUILD"}
        return {
            "PROBITY_APP": self.app.health_url, "DATABASE_URL": self.postgres.url(),
            "REDIS_URL": self.redis.url(), "CELERY_BROKER_URL": self.redis.url(),
            "JWT_SECRET_KEY": kept_secret("secret"), "APP_VERSION": "1.0.0",
            "PROBITY_INGEST_TOKEN": kept_secret("ingest-token"),
            "PROBITY_ACCESS_LOG": self.nginx.access_log, "PROBITY_DRAIN_SECONDS": "1",
            "PROBITY_STATE_DIR": os.path.join(RUN, "state"),
            "PROBITY_CONFIG": os.path.join(RUN, "checks.yaml"),
            "DEMO_APP": f"http://127.0.0.1:{self.app.port}",
            **theirs, "PROBITY_LISTEN": socket_path,
        }

    def launch(self, part):
        part.spawn()
        with open(os.path.join(RUN, part.name + ".pid"), "w", encoding="ascii") as file:
            file.write(f"{part.pid}\n")
        self.given_up.discard(part.name)
        self.restarting.discard(part.name)

    def start(self):
        if not os.path.exists(os.path.join(self.postgres.data, "PG_VERSION")):
            self.postgres.create()
        for part in (self.postgres, self.redis):
            self.launch(part)
        self.redis.wait_ready()
        self.launch(self.celery)
        self.launch(self.app)
        self.postgres.wait_ready(60)
        self.lay_out()
        self.migrate()
        self.start_probityd()
        self.app.wait_ready()
        self.celery.wait_ready(60)
        self.launch(self.nginx)
        self.nginx.wait_ready()

    def migrate(self):
        done = self.servers.run_tool("migrate", "upgrade", env=self.env)
        if done.returncode == 0:
            return
        text = (done.stderr or done.stdout).strip()
        if os.environ.get("DATABASE_URL") is None and os.environ.get("PROBITY_LEDGER_URL") is None:
            raise RuntimeError(f"probity migrate upgrade: {text}")
        say(f"probity migrate upgrade: {text}; going on without a ledger")

    def lay_out(self):
        """What the tour tries out: files that are there to be changed, and yesterday's log."""
        for name in ("objectives.yaml", "checks.yaml"):
            path = os.path.join(RUN, name)
            if not os.path.exists(path):
                shutil.copy(os.path.join(REPOSITORY, "scripts", "demo", name), path)
        path = os.path.join(RUN, "log", "yesterday.log.gz")
        if not os.path.exists(path):
            yesterday.write(path)

    def write_env(self, token):
        """What the daemon's environment has beyond the caller's, so that doctor and drain see it."""
        names = [name for name in self.env
                 if name.startswith(OURS) or os.environ.get(name) != self.env[name]]
        path = os.path.join(RUN, "env")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as file:
            for name in names:
                file.write(f"export {name}={shlex.quote(str(self.env[name]))}\n")
            file.write(f"TOKEN={token}\nPATH={shlex.quote(os.environ['PROBITY_BUILD'])}:$PATH\n")

    def start_probityd(self):
        self.started_at = time.monotonic()
        try:
            self.launch(self.probityd)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            say(f"probityd can't be started: {error}; trying again")

    def watch(self):
        """One look: probityd is started again for ever, the others when somebody asks for it."""
        for part in self.parts:
            order = os.path.join(RUN, part.name + ".start")
            if part.alive():
                if os.path.exists(order) and part.name not in self.restarting:
                    self.restarting.add(part.name)
                    part.signal(part.stop_signal)
            elif part is self.probityd:
                if os.path.exists(order):
                    os.unlink(order)
                self.revive()
            elif os.path.exists(order):
                os.unlink(order)
                part.reap()
                self.launch(part)
                say(f"{part.name} started again, pid {part.pid}")
            elif part.name not in self.given_up:
                self.given_up.add(part.name)
                say(f"{part.name} has ended ({ending(part)}): "
                    f"./scripts/run start {part.name} brings it back; log: {part.log_path}")

    def revive(self):
        now = time.monotonic()
        if now - self.started_at < 0.5:
            return
        if self.probityd.child is not None:
            self.probityd.reap()
        if now - self.told_at > 5:
            self.told_at = now
            say(f"probityd has ended ({ending(self.probityd)}), starting it again; "
                f"log: {self.probityd.log_path}")
        self.start_probityd()

    def stop(self):
        for part in (self.nginx, self.probityd, self.app, self.celery, self.redis, self.postgres):
            part.stop()
            for path in glob.glob(os.path.join(RUN, part.name + ".pid")):
                os.unlink(path)


def ending(part):
    code = part.child.returncode if part.child else None
    if code is None:
        return "never started"
    return f"signal {-code}" if code < 0 else f"status {code}"


def on_signal(number, _):
    # The first one is enough; what follows must not interrupt the stopping.  A handler that does
    # nothing, because Python complains with a traceback when one that has come already is ignored.
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: None)
    raise Stop(number)


def serve(demo, port):
    demo.start()
    demo.write_env(admin_token(demo.env))
    say(tour(f"http://127.0.0.1:{port}"))
    rate = os.environ.get("DEMO_TRAFFIC") or "3"
    if rate.replace(".", "", 1).isdigit() and float(rate) > 0:
        Traffic(port, float(rate)).start()
    while True:
        demo.watch()
        time.sleep(0.1)


def main():
    if sys.argv[1:] == ["--check"]:
        check()
        return
    for path in glob.glob(os.path.join(RUN, "*.pid")) + glob.glob(os.path.join(RUN, "*.start")):
        os.unlink(path)  # of a run that was killed
    os.makedirs(os.path.join(RUN, "log"), exist_ok=True)
    port = chosen_port()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    demo = Demo(port)
    trouble = None
    try:
        serve(demo, port)
    except Stop:
        say("stopping")
    except (RuntimeError, AssertionError, OSError) as error:
        trouble = str(error)
    finally:
        demo.stop()
    if trouble:
        fail(trouble)


if __name__ == "__main__":
    main()
