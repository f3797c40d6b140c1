"""conftest.py - fixtures: private servers for every test, and nothing of them left behind.

PROBITY_BUILD names the folder of the build under test.  Folders of tests that failed are kept, and
their paths printed.
"""
# SPDX-License-Identifier: MIT
import os
import re
import resource
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from process import free_port  # noqa: E402
from proxy import Proxy  # noqa: E402
from servers import CeleryWorker, FakeApp, Nginx, Postgres, Redis  # noqa: E402
from stack import Stack  # noqa: E402

DESCRIPTORS = 4096  # more than a test's 1100 connections; a Debian user starts with 1024 of them
SESSION = "PROBITY_TEST_FOLDER"  # shared by all workers of pytest-xdist


def pytest_configure(config):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    config.addinivalue_line("markers", "long: takes longer than scripts/test may; test-all runs it")
    config.addinivalue_line("markers", "threads: worth running under ThreadSanitizer as well")
    if not hasattr(config, "workerinput"):
        # Servers that refuse root run as other accounts: they must be able to walk in.
        os.environ[SESSION] = tempfile.mkdtemp(prefix="probity-test-")
        os.chmod(os.environ[SESSION], 0o755)


def pytest_make_parametrize_id(val):
    """A token differs in every worker of pytest-xdist, and a test's name must not."""
    return "long" if isinstance(val, str) and len(val) > 60 else None


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        folder = os.environ[SESSION]
        kept = [name for name in os.listdir(folder) if not name.startswith("template")]
        if kept:
            print("kept: " + " ".join(os.path.join(folder, name) for name in sorted(kept)))
        else:
            shutil.rmtree(folder)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share a module's servers stay with one worker (--dist loadgroup); others spread."""
    for item in items:
        if "shared" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for node in item.listchain():
            node.probity_failed = True
        folders = getattr(item, "probity_folders", [])
        if folders:
            report.sections.append(("logs and data", "\n".join(folders)))


def folder_for(node):
    # Short: the path of a unix socket below it has at most 107 bytes.
    name = re.sub(r"[^A-Za-z0-9_]+", "-", node.name.removeprefix("test_"))[:24]
    folder = tempfile.mkdtemp(prefix=name + "-", dir=os.environ[SESSION])
    os.chmod(folder, 0o755)
    return folder


def drop_folder(node, folder):
    if not getattr(node, "probity_failed", False):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(request):
    """An empty folder of this test, which is kept if the test fails."""
    path = folder_for(request.node)
    request.node.probity_folders = [path]
    yield path
    drop_folder(request.node, path)


@pytest.fixture(scope="session")
def postgres_template():
    return os.path.join(os.environ[SESSION], "template")


class Starter:
    """Starts servers in a folder and stops them at the end, the last one first."""

    def __init__(self, path, template):
        self.path, self.template, self.started, self.count = path, template, [], 0

    def stack(self, start=True, **options):
        return self.add(Stack(self.subfolder(), template=self.template, **options), start)

    def postgres(self, **options):
        return self.add(Postgres(self.subfolder(), **{"template": self.template, **options}))

    def redis(self, **options):
        return self.add(Redis(self.subfolder(), **options))

    def celery(self, broker, **options):
        return self.add(CeleryWorker(self.subfolder(), broker, **options))

    def nginx(self, socket_path, **options):
        return self.add(Nginx(self.subfolder(), socket_path, **options))

    def app(self, **options):
        return self.add(FakeApp(**options), start=False)

    def proxy(self, target_port, **options):
        return self.add(Proxy(target_port, **options), start=False)

    def port(self):
        return free_port()

    def subfolder(self):
        self.count += 1
        return os.path.join(self.path, str(self.count))

    def add(self, part, start=True):
        self.started.append(part)
        if start:
            part.start()
        return part

    def stop(self):
        troubles = []
        for part in reversed(self.started):
            result = part.stop()
            if isinstance(part, Stack):
                troubles += result
        return troubles


def started(request, template, node):
    path = folder_for(node)
    node.probity_folders = getattr(node, "probity_folders", []) + [path]
    starter = Starter(path, template)
    yield starter
    troubles = starter.stop()
    if troubles:
        node.probity_failed = True
        pytest.fail("\n".join(troubles) + f"\nlogs and data: {path}", pytrace=False)
    drop_folder(node, path)


@pytest.fixture
def start(request, postgres_template):
    """start.stack(…), start.postgres(), start.redis() …: servers of this test alone."""
    yield from started(request, postgres_template, request.node)


@pytest.fixture(scope="module")
def shared(request, postgres_template):
    """As `start`, for servers that all tests of a module use and leave as they found them."""
    yield from started(request, postgres_template, request.node)


@pytest.fixture(scope="module")
def ledger(shared):
    """A PostgreSQL for a module's tests."""
    return shared.postgres()


@pytest.fixture
def empty(ledger):
    """The same, without our schema."""
    ledger.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    return ledger


@pytest.fixture(scope="module")
def stack(shared):
    """A whole stack for a module's tests: demo application, Celery, all checks; ready."""
    whole = shared.stack(app="demo", celery=True)
    whole.wait_ready(20)
    return whole
