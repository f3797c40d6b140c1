"""The pages of docs/deploy: what they say is there, and what they tell a reader to do works."""
# SPDX-License-Identifier: MIT
import glob
import json
import os
import re
import subprocess

import pytest

import containers
import docs_pages
from docs_pages import Page, Stage
from process import REPOSITORY
from surroundings import has_networks

# What each page may count on; a page that isn't named here gets nothing but a shell.
STAGES = {
    "docker.md": Stage(path=("tests/shims",), timeout=900),
    "fly.md": Stage(path=("tests/shims",), timeout=900),
    "image.md": Stage(path=("tests/shims",), timeout=900),
    "kubernetes.md": Stage(tools=True),
    "railway.md": Stage(path=("tests/shims",), timeout=900),
    "systemd.md": Stage(machine=True, timeout=900),
}

FOLDER = os.path.join(REPOSITORY, "docs", "deploy")
PAGES = [Page(path) for path in sorted(glob.glob(os.path.join(FOLDER, "*.md")))]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def read(*names):
    with open(os.path.join(REPOSITORY, *names), encoding="utf-8") as file:
        return file.read()


# The pages themselves.

@pytest.mark.long
@pytest.mark.parametrize("page", [page for page in PAGES if page.runnable()],
                         ids=lambda page: page.name)
def test_what_a_page_tells_to_do_works_as_it_stands(page, folder):
    if not has_networks():
        pytest.skip("a network of its own wants root and CAP_NET_ADMIN")
    stage = STAGES.get(page.name, Stage())
    if "tests/shims" in stage.path and not containers.supported():
        pytest.skip(containers.MISSING)
    trouble = docs_pages.run_page(page, stage, folder)
    if trouble:
        pytest.fail(trouble, pytrace=False)


@every_page
def test_every_block_can_be_run_or_says_that_it_is_not(page):
    for block in page.blocks:
        assert block.closed, f"{block}: a fence that is never closed"
        if block.kind == "sh":
            done = subprocess.run(["sh", "-n"], input=block.text, text=True, capture_output=True,
                                  check=False)
            assert done.returncode == 0, f"{block}: {done.stderr}"
    for line in page.prose:
        if "not run by our tests" in line.lower():
            assert docs_pages.NOT_RUN.match(line.strip()), f"{page.name}: not understood: {line}"
    unused = [block for block in page.blocks if not block.wanted and block.kind != "sh"]
    assert not unused, f"{unused}: only ```sh blocks are run at all"


@every_page
def test_a_file_is_repeated_as_it_is(page):
    for block in page.blocks:
        if block.kind in docs_pages.FILES and block.named:
            assert docs_pages.is_part(block.text, read(block.named)), \
                f"{block}: {block.named} does not hold this:\n{block.text}"


@every_page
def test_every_example_of_a_file_can_be_parsed(page):
    yaml = pytest.importorskip("yaml")
    for block in page.blocks:
        text = block.text.replace("…", "")
        if block.kind == "yaml":
            list(yaml.safe_load_all(text))
        elif block.kind == "json":
            json.loads(text)


# Drift.

def known_variables():
    """Whatever the program reads, and what only our own files and images do."""
    found = re.findall(r'"([A-Z][A-Z0-9_]+)"', read("module", "config", "keys.c"))
    return set(found)


@every_page
def test_every_setting_that_is_named_exists(page):
    named = set(re.findall(r"\bPROBITY_[A-Z0-9_]+\b", page.text))
    unknown = named - known_variables()
    assert not unknown, f"{page.name} names {sorted(unknown)}: not in module/config/keys.c"


def made_by(page):
    """Files that a reader makes on the way: what is copied to, and what output goes to."""
    text = "".join(block.text for block in page.blocks if block.kind == "sh")
    found = re.findall(r"^(?:cp|mv|mkdir) .*?(\S+)$|>+ ?(\S+)", text, re.MULTILINE)
    return {copied or written for copied, written in found}


@every_page
def test_every_path_that_is_named_exists(page):
    tops = "deploy|docs|nginx|scripts|tests|module|debian"
    for name in re.findall(rf"(?<![\w/.-])((?:{tops})/[A-Za-z0-9_./-]*[A-Za-z0-9_-])", page.text):
        assert os.path.exists(os.path.join(REPOSITORY, name)) or name in made_by(page), \
            f"{page.name} names {name}"


def anchors(path):
    """The anchors that a page has on GitHub: its headings, in small letters, without punctuation."""
    with open(path, encoding="utf-8") as file:
        headings = re.findall(r"^#+ (.*)$", file.read(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", "\n".join(page.prose)):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = os.path.normpath(os.path.join(FOLDER, target)) if target else page.path
        assert os.path.exists(path), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(path), f"{page.name}: {link}: no such heading"


def literals():
    """All texts in the program."""
    text = re.compile(r'((?:"(?:[^"\\\n]|\\.)*"(?:\s*PRI[a-z0-9A-Z]+)?\s*)+)')
    found = set()
    for path in glob.glob(os.path.join(REPOSITORY, "module", "*", "*.[ch]")):
        with open(path, encoding="utf-8") as file:
            for match in text.findall(file.read()):
                found.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match)).replace('\\"', '"'))
    return found


def is_said(line, texts):
    """Whether one text makes this line, or each part of it stands in some text, is a path, or is what
    the system says about an error."""
    for text in texts:
        parts = re.split(r"%[-+ 0-9.*]*(?:ll|l|z|h)?[a-zA-Z]?", text)
        # One that is nearly all argument fits everything and proves nothing.
        if sum(map(len, parts)) >= 12 and all(part in line for part in parts) \
                and re.fullmatch(".*".join(map(re.escape, parts)), line):
            return True
    errors = {os.strerror(number) for number in range(1, 134)}
    parts = (part.strip(" :") for part in re.split(r": | \(…\)|/[^ ]*|…", line))
    return all(part in errors or any(part in text for text in texts) for part in parts if part)


def test_what_the_log_says_on_bad_days_stands_in_the_program():
    rows = re.findall(r"^\|.*\|$", read("docs", "deploy", "README.md").partition("## Bad days")[2],
                      re.MULTILINE)[2:]
    said = [re.findall(r"`([^`]+)`", row.split("|")[3]) for row in rows]
    assert len(rows) >= 10 and sum(map(len, said)) >= 7
    texts = literals()
    assert not is_said("ingest: the moon is full", texts)
    for line in (line for lines in said for line in lines):
        assert is_said(line, texts), f"nobody says: {line}"


def test_every_page_is_linked_from_the_first_one_and_that_from_the_readme():
    first = read("docs", "deploy", "README.md")
    for page in PAGES:
        assert page.name == "README.md" or f"]({page.name}" in first, page.name
    assert "docs/deploy/README.md" in read("README.md")


# The runner.

def a_page(text):
    return Page("page.md", text=text)


def test_the_line_before_a_block_says_that_it_is_not_run():
    page = a_page("One:\n```sh\ntrue\n```\n\nTwo.\n\n*Not run by our tests: it needs Railway.*\n\n"
                  "```sh\nfalse\n```\n  1. In a list:\n     ```sh\n     if true; then\n"
                  "       echo in\n     fi\n     ```\n")
    assert [(block.line, block.runs) for block in page.blocks] == [(2, True), (10, False), (14, True)]
    assert page.blocks[2].text == "if true; then\n  echo in\nfi\n"
    assert all(block.closed for block in page.blocks)


@pytest.mark.parametrize("shown, printed, same", [
    ("ready", "it is ready now\n", True),
    ("a\nb", "a b", True),
    ("a b", "ab", False),
    ("a … c", "a\nb\nc\n", True),
    ('"timestamp": "2026-11-21T16:43:06.991Z"}', '"timestamp": "2027-01-01T00:00:00.1Z"}', True),
    ("connect  0.4 ms  ok", "connect 12 ms ok", True),
    ("status 200", "status 503", False),
    ("a (b)* c", "a (b)* c", True),
])
def test_what_is_shown_is_what_was_printed(shown, printed, same):
    assert docs_pages.shows(shown, printed) == same


@pytest.mark.parametrize("part, same", [
    ("a:\n  b: 1\n", True), ("b: 1\nc: 2\n", True), ("b: 1\nd: 3\n", False),
    ("a:\n  # …\n  d: 3\n", True), ("d: 3\n…\nb: 1\n", False), ("b: 2\n", False),
])
def test_a_part_of_a_file_stands_in_it_line_by_line(part, same):
    assert docs_pages.is_part(part, "a:\n  b: 1\n\n  c: 2\n  d: 3\n") == same


def test_a_page_runs_in_one_shell_and_a_failure_names_its_block(folder):
    if not has_networks():
        pytest.skip("a network of its own wants root and CAP_NET_ADMIN")
    page = a_page("```sh\nwho=me\ncd docs\n```\n\n```sh\nsleep 100 & echo $who $(ls config.md)\n```\n"
                  "```console\nme config.md\n```\n")
    assert docs_pages.run_page(page, Stage(), os.path.join(folder, "good")) is None
    page = a_page("```sh\ntrue\n```\n\n```sh\necho first\nfalse\necho never\n```\n\n```sh\ntrue\n```\n")
    trouble = docs_pages.run_page(page, Stage(), os.path.join(folder, "bad"))
    assert "page.md:5: the shell ended with 1" in trouble and "first" in trouble
    assert "never" not in trouble
