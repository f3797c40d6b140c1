"""probity init: what it prints, and that --write never touches what is there."""
# SPDX-License-Identifier: MIT
import os
import subprocess

from process import plain_environment
from servers import build_path


def init(*arguments, env=None, cwd=None):
    return subprocess.run([build_path("probity"), "init", *arguments], cwd=cwd, text=True,
                          env=plain_environment(env), capture_output=True, check=False)


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def everything_below(folder):
    return {os.path.join(path, name): open(os.path.join(path, name), encoding="utf-8").read()
            for path, _, names in os.walk(folder) for name in names}


def test_the_environment_chooses_and_for_overrides_it(folder):
    write(folder, "Dockerfile", "FROM python:3.11-slim\nCMD uvicorn app:app --port 8000\n")
    env = {"RAILWAY_SERVICE_NAME": "shop", "DATABASE_URL": "postgresql://user:secret@host/db"}
    done = init(folder, env=env)
    assert done.returncode == 0 and "#   For railway: environment" in done.stdout
    assert "secret" not in done.stdout
    assert "#   For docker: asked for" in init("--for", "docker", cwd=folder, env=env).stdout


def test_what_is_not_a_comment_can_be_copied(folder):
    write(folder, "Dockerfile", "FROM python:3.11-slim\nCMD uvicorn app:app --port 8000\n")
    lines = [line for line in init(folder).stdout.splitlines() if not line.startswith("#")]
    assert lines[0] == "COPY --from=probity-tree /opt/probity /opt/probity"
    assert lines[-1] == 'CMD ["probity", "serve", "--", "uvicorn", "app:app", "--port", "8000"]'


def test_write_makes_what_is_missing_and_leaves_alone_what_is_there(folder):
    assert init(folder, "--for", "systemd", "--write").stdout == f"wrote {folder}/probity.env\n"
    made = everything_below(folder)
    assert "\nPROBITY_APP=http://127.0.0.1:8000/health\n" in made[f"{folder}/probity.env"]
    write(folder, "probity.env", "MINE=1\n")
    done = init(folder, "--for", "systemd", "--write")
    assert done.stdout == f"there already, left alone: {folder}/probity.env\n"
    assert everything_below(folder) == {f"{folder}/probity.env": "MINE=1\n"}


def test_without_write_nothing_is_written(folder):
    for platform in ("docker", "fly", "kubernetes", "railway", "systemd"):
        assert init(folder, "--for", platform).returncode == 0
    assert everything_below(folder) == {}


def test_what_makes_no_sense_is_refused(folder):
    for arguments, word in ((["--for", "windows"], "railway and systemd"),
                            ([folder, folder], "one folder at a time"),
                            (["--write=yes"], "--write")):
        done = init(*arguments)
        assert done.returncode == 2 and word in done.stderr, done.stderr
    done = init(os.path.join(folder, "nowhere"))
    assert done.returncode == 1 and "No such file or directory" in done.stderr
