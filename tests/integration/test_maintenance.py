"""Maintenance: announced once through the ledger, believed by every instance, and by the clock."""
# SPDX-License-Identifier: MIT
import random
import time

import pytest

from fcgi import Client
from fleet import ENV, Instance
from process import wait_until
from servers import run_tool
from test_alerts import RULE, WATCHED

TOKEN = "a" * 40
ADMIN = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
NAME = "app-availability"
METRIC = f'probity_slo_alert_state{{slo="{NAME}",service="app",alert="{RULE}"}} '


@pytest.fixture(scope="module")
def server(shared):
    server = shared.postgres()
    assert run_tool("migrate", "upgrade", env={"DATABASE_URL": server.url()}).returncode == 0
    server.sql(WATCHED)
    return server


@pytest.fixture(scope="module")
def pair(shared, server):
    """Two instances with a log each and one ledger."""
    env = {**ENV, "PROBITY_LEDGER_URL": server.url(), "PROBITY_ADMIN_TOKEN": TOKEN,
           "PROBITY_DRAIN_SECONDS": "0"}
    both = [Instance(shared.subfolder(), env) for _ in range(2)]
    for one in both:
        shared.add(one.probityd, start=False).start()
    for one in both:
        wait_until(lambda one=one: one.get("/slo")[0] == 200, 15, "figures")
    return both


def maintenance(server, *arguments, code=0):
    """Whatever is wrong with the file of the checks at that moment."""
    done = run_tool("maintenance", *arguments, env={"DATABASE_URL": server.url(),
                                                    "PROBITY_CONFIG": "/nonexistent"})
    assert done.returncode == code, done
    return done.stdout + done.stderr


def write(instance, age, count, bad):
    """So many events of that age, of which so many are bad."""
    instance.write([{"time": round(time.time() - age, 3), "service": "app", "route": "/",
                     "method": "GET", "status": 500 if i < bad else 200, "ms": 20}
                    for i in range(count)], random.Random(count))


def on_both(pair, path, agrees, what, timeout=10):
    def all_agree():
        return all(agrees(*one.get(path)) for one in pair)
    try:
        wait_until(all_agree, timeout, what)
    except AssertionError as error:
        raise AssertionError(f"{error}: {[one.get(path) for one in pair]}") from None


def alert(page):
    return next((one for one in page.get("alerts", []) if one["name"] == RULE), {})


def readiness(pair, status, word, timeout=6):
    on_both(pair, "/health/ready", lambda code, body: (code, body["status"]) == (status, word),
            f"readiness {word}", timeout)


def metrics(instance):
    with Client(instance.probityd.socket_path) as client:
        return client.ask("/metrics", keep=False)[2].decode()


def delete(instance, path):
    with Client(instance.probityd.socket_path) as client:
        status, _, body = client.ask(path, keep=False, method="DELETE", **ADMIN)
        return status, body.decode()


def test_maintenance_is_the_whole_fleets(server, pair):
    one, other = pair
    write(one, 90, 200, 50)
    wait_until(lambda: alert(one.get(f"/slo/{NAME}")[1]).get("state") == "firing", 10, "firing")
    fired = server.sql("SELECT count(*) FROM probity.alert_changes")

    words = maintenance(server, "on", "--reason", "new disks", "--until", "30m", "--drain",
                        "--by", "ada")
    assert "app: in maintenance since" in words and "(30 min left): new disks" in words
    readiness(pair, 503, "maintenance")
    for each in pair:
        status, body = each.get("/health/ready")
        assert body["reason"] == "new disks" and each.get("/health")[0] == 200, (status, body)
    write(one, 0, 70, 20)
    write(other, 0, 30, 20)
    on_both(pair, f"/slo/{NAME}", lambda code, page: page.get("excluded_events") == 100
            and "silenced" in alert(page), "excluded minutes and silence")
    for each in pair:
        page = each.get(f"/slo/{NAME}")[1]
        assert (page["total_events"], page["bad_events"]) == (200, 50)
        budget = page["error_budget"]
        assert budget["remaining_ratio_without_exclusions"] < budget["remaining_ratio"]
        excluded, = page["exclusions"]
        assert (excluded["maintenance"], excluded["author"]) == (True, "ada")
        assert (excluded["excluded_events"], excluded["excluded_bad_events"]) == (100, 40)
        assert page["maintenance"]["reason"] == "new disks" and page["maintenance"]["drain"]
        assert alert(page)["state"] == "firing"
        assert alert(page)["silenced"] == {"until": page["maintenance"]["until"],
                                           "reason": "new disks"}
        listed = each.get("/slo/alerts")[1]
        assert listed["firing"] == 0 and listed["silenced"] > 0
        text = metrics(each)
        assert METRIC + "0\n" in text and 'probity_slo_maintenance{service="app"} 1\n' in text
        assert each.get(f"/slo/gate?slo={NAME}")[1]["maintenance"][0]["reason"] == "new disks"

    gate = run_tool("gate", "--socket", one.probityd.socket_path, "--slo", NAME)
    assert gate.returncode == 1 and "error budget exhausted 250 times over" in gate.stdout, gate
    assert "app is in maintenance until" in gate.stdout and ": new disks\n" in gate.stdout
    points = other.get(f"/slo/{NAME}/history?from=-5m&step=1m")[1]["points"]
    assert sum(point.get("excluded_minutes", 0) for point in points) >= 1
    assert sum(point["total"] for point in points) == 200
    kept, = one.get(f"/slo/{NAME}/exclusions")[1]["exclusions"]
    assert kept["maintenance"] and kept["slo"] is None and kept["id"] == excluded["id"]
    status, body = delete(one, f"/slo/{NAME}/exclusions/{kept['id']}")
    assert status == 409 and "probity maintenance off" in body

    words = maintenance(server, "on", "--reason", "another", "--until", "1h", code=1)
    assert "two at a time" in words and "new disks" in words
    maintenance(server, "on", "--reason", "more disks", "--until", "1h", "--replace")
    readiness(pair, 200, "ready")
    on_both(pair, f"/slo/{NAME}", lambda code, page: alert(page).get("silenced", {}).get("reason")
            == "more disks", "the other reason")
    assert server.sql("SELECT count(*) FROM probity.alert_changes") == fired

    assert "app: over, from" in maintenance(server, "off")
    on_both(pair, f"/slo/{NAME}", lambda code, page: "maintenance" not in page
            and "silenced" not in alert(page) and page["excluded_events"] == 100, "the end")
    assert METRIC + "2\n" in metrics(other)
    assert "not in maintenance" in maintenance(server, "off", code=1)
    assert "not in maintenance" in maintenance(server, "show")
    words = maintenance(server, "show", "--all")
    assert words.index("new disks\n") < words.index("more disks\n") and "by ada" in words


def test_what_is_to_come_is_shown_and_called_off(server, pair):
    maintenance(server, "on", "--reason", "next week", "--from", "168h", "--until", "2h")
    words = maintenance(server, "show")
    assert "app: to come, from " in words and "(2 h): next week" in words
    id = words.split("\n  ")[1].split(",")[0]
    assert "two at a time" in maintenance(server, "on", "--reason", "x", "--from", "169h",
                                          "--until", "200h", code=1)
    assert "called off by its id" in maintenance(server, "off", code=1)
    assert "called off, was to begin" in maintenance(server, "off", id)
    assert "over already" in maintenance(server, "off", id, code=1)
    assert "none of this id" in maintenance(server, "off", "abc", code=1)
    assert "more than a day ago" in maintenance(
        server, "on", "--reason", "x", "--from", "2020-01-01T00:00:00Z", "--until",
        "2099-01-01T00:00:00Z", code=2)
    assert "over before it began" in maintenance(
        server, "on", "--reason", "x", "--until", "2020-01-01T00:00:00Z", code=2)
    assert "how long it lasts" in maintenance(server, "on", "--reason", "x", "--until", "30", code=2)
    assert "366 days" in maintenance(server, "on", "--reason", "x", "--until", "400d", code=2)
    assert "service shop" in maintenance(server, "on", "--reason", "x", "--until", "1h", "--service",
                                         "shop", code=1)


def test_it_ends_by_itself_while_nobody_can_be_asked(server, pair):
    maintenance(server, "on", "--reason", "a new server", "--until", "7s", "--drain")
    began = time.monotonic()
    readiness(pair, 503, "maintenance")
    server.stop()
    words = maintenance(server, "off", code=2)
    assert "nothing was done, and no instance can have heard of it: Postgres refuses" in words
    pair[1].probityd.stop()
    pair[1].probityd.start()  # it remembers what it can't ask for
    assert time.monotonic() < began + 5.5
    while time.monotonic() < began + 5.5:
        for each in pair:
            assert each.get("/health/ready")[0] == 503
        time.sleep(0.2)
    readiness(pair, 200, "ready")
    assert 6 < time.monotonic() - began < 12
    assert all(each.get("/health")[0] == 200 for each in pair)
    server.start()  # whoever stops has something to commit


@pytest.mark.parametrize("arguments, code, words", [
    ((), 2, "say one of on, off, show"),
    (("of",), 2, "say one of on, off, show"),
    (("on", "--reason", "x"), 2, "--until"),
    (("on", "--until", "1h"), 2, "--reason"),
    (("on", "--reason", "", "--until", "1h"), 2, "--reason has no value"),
    (("on", "--reason", "x" * 256, "--until", "1h"), 2, "at most 255 bytes"),
    (("on", "--reason", "a\nb", "--until", "1h"), 2, "control characters"),
    (("on", "--until", "1h", "--reason"), 2, "--reason has no value"),
    (("off", "--drain"), 2, "no option of it"),
    (("on", "now", "--reason", "x", "--until", "1h"), 2, "too many arguments"),
    (("on", "--reason", "x", "--until", "1h"), 2, "no instance can have heard of it"),
    (("show",), 2, "Postgres refuses connections"),
])
def test_what_makes_no_sense_is_refused_in_words(arguments, code, words):
    done = run_tool("maintenance", *arguments,
                    env={"DATABASE_URL": "postgresql://app@127.0.0.1:1/app"})
    assert done.returncode == code and words in done.stderr, done
