"""Who may see what: tokens of people and machines, through nginx."""
# SPDX-License-Identifier: MIT
import base64
import json
import subprocess
import time

import pytest

import fcgi
from servers import Probityd
from stack import SECRET, make_token

ADMIN = "admin-token-of-this-test-0123456789abcdef"
READ = "read-token-of-this-test-0123456789abcdef0"
GUARDED = ["/health/detailed", "/health/detailed/redis"]
READABLE = ["/metrics", "/metrics?scope=fleet", "/slo", "/slo/gate", "/slo/alerts",
            "/slo/app-availability", "/slo/app-availability/history",
            "/slo/app-availability/exclusions"]


@pytest.fixture(scope="module")
def guarded(shared):
    """A JWT secret, an administrator's static token, and a token for reading."""
    stack = shared.stack(app=None, env={"PROBITY_ADMIN_TOKEN": ADMIN, "PROBITY_READ_TOKEN": READ})
    stack.wait_ready()
    stack.wait_for("/slo", 200, token=READ)
    return stack


def code(answer):
    return answer.json()["error"]["code"]


@pytest.mark.parametrize("path", GUARDED)
def test_without_a_token_an_admin_page_is_401_and_says_how(guarded, path):
    answer = guarded.get(path)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in answer.json()["error"]["message"]
    assert answer.json()["error"]["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("token, status", [
    (ADMIN, 200), (ADMIN + "x", 401), (ADMIN[:-1], 401), (READ, 403), (make_token(), 200),
    (make_token(role="viewer"), 403), (make_token(exp=time.time() + 3600.5), 200),
    (make_token(exp=time.time() - 3600.5), 401), (make_token(exp=str(time.time() + 60)), 401),
    (make_token(header={"alg": "HS256", "crit": ["x"], "x": 1}), 401),
    (make_token(header={"alg": "hs256"}), 401), (make_token("x" * 32), 401),
    (make_token() + ".e30", 401), (make_token() + "=", 401),
])
@pytest.mark.parametrize("path", GUARDED)
def test_an_admin_page_opens_for_admins_alone(guarded, path, token, status):
    answer = guarded.get(path, token=token)
    assert answer.status == status, answer
    assert token not in answer.text


@pytest.mark.parametrize("header, status", [
    ("bearer " + ADMIN, 200), ("BEARER  " + ADMIN, 200), ("Basic " + ADMIN, 401), (ADMIN, 401),
    ("Bearer", 401), ("Bearer \x80\xff", 401), ("Bearer " + "A" * 8193, None),
])
def test_the_scheme_is_bearer_in_any_case(guarded, header, status):
    answer = guarded.get("/health/detailed", headers={"Authorization": header})
    assert answer.status == status if status else answer.status in (400, 401, 494), answer


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize("token, status", [
    (None, 401), ("garbage", 401), (READ, 200), (ADMIN, 200), (make_token(), 200),
    (make_token(role="viewer"), 401),
])
def test_reading_wants_its_token_once_one_is_set(guarded, path, token, status):
    answer = guarded.get(path, token=token)
    assert answer.status == status, answer
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/startup", "/health/live"])
def test_the_public_pages_ignore_whatever_token_comes(guarded, path):
    for header in ("garbage", "Bearer garbage", "Basic eDp5", "Bearer " + make_token(exp=1)):
        assert guarded.get(path, headers={"Authorization": header}).status == 200


def test_the_log_never_holds_a_token(guarded):
    token = make_token(role="viewer")
    assert guarded.get("/health/detailed", token=token).status == 403
    log = guarded.probityd.log()
    for secret in (ADMIN, READ, SECRET, token):
        assert secret not in log


def test_without_any_secret_admin_pages_are_503_and_nothing_else_changes(start):
    stack = start.stack(app=None, postgres=False, env={"JWT_SECRET_KEY": None})
    stack.wait_ready()
    for path in GUARDED:
        for token in (None, make_token(), make_token("")):
            answer = stack.get(path, token=token)
            assert (answer.status, code(answer)) == (503, "auth_not_configured")
            assert "JWT_SECRET_KEY" in answer.text
            assert "Retry-After" not in answer.headers  # it waits for a person
    assert stack.get("/metrics").status == 200
    assert stack.get("/health").status == 200


def test_a_short_read_token_closes_what_it_was_to_guard(start):
    stack = start.stack(app=None, postgres=False, env={"PROBITY_READ_TOKEN": "too-short"})
    stack.wait_ready()
    for token in (None, "too-short", True):
        answer = stack.get("/metrics", token=token)
        assert (answer.status, code(answer)) == (503, "auth_not_configured")
        assert "PROBITY_READ_TOKEN" in answer.text
    assert stack.get("/health/detailed", token=True).status == 200


def test_the_rules_for_tokens_can_be_narrowed(start):
    stack = start.stack(app=None, postgres=False, env={
        "JWT_ISSUER": "https://issuer", "JWT_AUDIENCE": "ops", "JWT_ALGORITHM": "HS512",
        "PROBITY_JWT_REQUIRE": "type=access", "PROBITY_ADMIN_CLAIM": "scope=admin"})
    stack.wait_ready()
    good = {"iss": "https://issuer", "aud": ["web", "ops"], "type": "access",
            "scope": "read admin", "role": None}

    def status(algorithm="HS512", **changed):
        token = make_token(algorithm=algorithm, **{**good, **changed})
        return stack.get("/health/detailed", token=token).status
    assert status() == 200
    assert status(aud="ops") == 200
    assert status(iss="https://other") == 401
    assert status(iss=None) == 401
    assert status(aud=["web"]) == 401
    assert status(type="refresh") == 401
    assert status(scope="read") == 403
    assert status("HS256") == 401


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, feed=None):
    return subprocess.run(["openssl", *arguments], input=feed, capture_output=True,
                          check=True).stdout


def sign_with_key(folder):
    """Returns a public key, what it has signed for an administrator, and the signature."""
    private = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    key = f"{folder}/private.pem"
    with open(key, "wb") as file:
        file.write(private)
    claims = {"role": "admin", "exp": int(time.time()) + 60}
    signed = part(b'{"alg": "RS256"}') + "." + part(json.dumps(claims).encode())
    return (openssl("pkey", "-pubout", feed=private).decode(), signed,
            openssl("dgst", "-sha256", "-sign", key, feed=signed.encode()))


def test_a_public_key_verifies_and_cannot_be_used_as_a_secret(start, folder):
    public, signed, signature = sign_with_key(folder)
    stack = start.stack(app=None, postgres=False, env={
        "JWT_ALGORITHM": "RS256", "JWT_PUBLIC_KEY": public, "JWT_SECRET_KEY": None})
    stack.wait_ready()
    assert stack.get("/health/detailed", token=f"{signed}.{part(signature)}").status == 200
    flipped = bytes([signature[0] ^ 1]) + signature[1:]
    assert stack.get("/health/detailed", token=f"{signed}.{part(flipped)}").status == 401
    assert stack.get("/health/detailed", token=make_token(public)).status == 401
    confused = make_token(public, header={"alg": "RS256"})
    assert stack.get("/health/detailed", token=confused).status == 401


def test_a_storm_of_tokens_delays_neither_health_nor_who_was_let_in(start, folder):
    public, signed, signature = sign_with_key(folder)
    admin = f"{signed}.{part(signature)}"
    stranger = f"{signed}.{part(signature[::-1])}"
    daemon = start.add(Probityd(start.subfolder(), {
        "JWT_PUBLIC_KEY": public, "JWT_ALGORITHM": "RS256", "PROBITY_REQUIRE": "none"}))

    def ask(token):
        return fcgi.request("/health/detailed", HTTP_AUTHORIZATION="Bearer " + token)
    with fcgi.Client(daemon.socket_path) as client:
        client.send(ask(admin))
        assert client.answer()[0] == 200
        crowd = [fcgi.Client(daemon.socket_path) for _ in range(200)]
        statuses = []
        for _ in range(5):
            for one in crowd:
                one.send(ask(stranger))
            began = time.monotonic()
            assert client.ask("/health")[0] == 200
            # Two hundred signatures would be 0.1 s, and with sanitizers five times that.
            assert time.monotonic() - began < 1
            client.send(ask(admin))
            assert client.answer()[0] == 200
            answers = [one.answer() for one in crowd]
            statuses += [status for status, _, _ in answers]
        refused = next(answer for answer in answers if answer[0] == 429)
        for one in crowd:
            one.socket.close()
    assert set(statuses) == {401, 429} and statuses.count(429) > 300, statuses.count(429)
    assert refused[1]["Retry-After"] == "1"
    assert json.loads(refused[2])["error"]["code"] == "too_many_tokens"
