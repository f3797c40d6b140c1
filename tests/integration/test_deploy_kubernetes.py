"""test_deploy_kubernetes.py - manifests are well-formed, agree with each other and with Probity.

Every rule of kube_rules.py is also shown to fail.
"""
# SPDX-License-Identifier: MIT
import copy
import glob
import os
import re
import shutil

import pytest

import kube_rules
import kube_schema
from kube_objects import MANIFESTS, build, container_of, find, kustomize, load, template_of
from servers import run_tool

SETS = {"base": ("base",), "worker": ("worker",), "gateway": ("gateway",), "migrate": ("migrate",),
        "base and prometheus": ("base", "prometheus"),
        "base and worker": ("base", "worker", "prometheus")}
OVERLAYS = ("in-image", "example")


@pytest.fixture(scope="module")
def defaults():
    """Every setting that Probity knows, with its default."""
    text = run_tool("check-config", "--markdown").stdout
    found = dict(re.findall(r"^\| `([A-Z_0-9]+)` \| [^|]* \| (?:`([^`]*)`)? *\|", text, re.M))
    assert found["PROBITY_DRAIN_SECONDS"] == "5" and len(found) > 50
    return found


def objects_of(*folders):
    return [item for folder in folders for item in build(folder)]


@pytest.mark.parametrize("folders", SETS.values(), ids=SETS)
def test_the_manifests_keep_every_rule(folders, defaults):
    assert kube_rules.complaints(objects_of(*folders), defaults) == []


def test_the_example_of_a_secret_is_one_and_names_what_is_read(defaults):
    secret, = load(os.path.join(MANIFESTS, "base", "secret.example.yaml"))
    assert kube_schema.complaints(secret) == []
    assert set(secret["stringData"]) <= set(defaults)
    with open(os.path.join(MANIFESTS, "base", "secret.example.yaml"), encoding="utf-8") as file:
        assert set(re.findall(r"\bPROBITY_\w+", file.read())) <= set(defaults)


def test_kustomizations_say_nothing_that_debians_kubectl_does_not_know():
    paths = glob.glob(os.path.join(MANIFESTS, "*", "kustomization.yaml"))
    assert len(paths) == 7
    for path in paths:
        kustomization, = load(path)
        assert kube_schema.kustomization_complaints(kustomization) == [], path
        named = kustomization.get("resources", []) + kustomization.get("patchesStrategicMerge", [])
        there = {os.path.basename(name) for name in glob.glob(os.path.dirname(path) + "/*.yaml")}
        held = {text.rpartition("=")[2] for row in kustomization.get("configMapGenerator", [])
                for text in row.get("files", [])}
        assert there - held - {"kustomization.yaml", "secret.example.yaml"} == set(named), path


@pytest.mark.parametrize("folder, name", [("base", "app"), ("gateway", "gateway")])
def test_probity_takes_the_settings_without_a_complaint(folder, name):
    objects = objects_of(folder)
    template = template_of(find(objects, "Deployment", name))
    checked = kube_rules.Set(objects, {})
    env = checked.environment(container_of(template, "probity"), template)
    env.update({"PROBITY_LEDGER_URL": "postgresql://a:b@127.0.0.1/a", "PROBITY_ACCESS_LOG": "/x",
                "JWT_SECRET_KEY": "x" * 32})
    done = run_tool("check-config", env=env)
    assert done.returncode == 0
    assert [line for line in (done.stdout + done.stderr).splitlines() if "warning" in line] == []


def test_the_gateways_objectives_can_be_used():
    path = os.path.join(MANIFESTS, "gateway", "objectives.yaml")
    done = run_tool("slo", "lint", path, "--strict")
    assert done.returncode == 0 and "2 objectives can be used" in done.stdout


def test_the_sidecars_own_group_is_failed_by_nothing_that_a_restart_does_not_mend():
    env = find(objects_of("base"), "ConfigMap", "probity")["data"]
    said = run_tool("check-config", env=env).stdout
    nginx = re.search(r"^check nginx: .*?(?=^check |\Z)", said, re.M | re.S)[0]
    assert re.search(r"groups +sidecar", nginx) and "no group fails by it (policy)" in nginx


# --- each rule can fail ---

def step(held, key):
    """One step of a path: a key (~ stands for /), a place in a list, or the name of a row."""
    key = key.replace("~", "/")
    if not isinstance(held, list):
        return key
    if key.isdigit():
        return int(key)
    return next(i for i, row in enumerate(held) if row["name"] == key)


def spoil(item, path, value):
    """Sets what stands at a path; None takes it away."""
    *keys, last = path.split("/")
    for key in keys:
        item = item[step(item, key)]
    if value is None:
        del item[step(item, last)]
    else:
        item[step(item, last)] = value


POD = "spec/template/spec/"
APP, SIDECAR = POD + "containers/app/", POD + "containers/probity/"
SPOILT = [
    # the shape
    ("Deployment", APP + "livenessprobe", {}, "livenessprobe is no field of V1Container"),
    ("Deployment", "spec/replicas", "2", "expected int, not '2'"),
    ("Deployment", "spec/replicas", True, "expected int, not True"),
    ("Deployment", APP + "env/PORT/value", 8000, "expected str, not 8000"),
    ("Deployment", "spec/selector", None, "selector is missing"),
    ("Deployment", "spec/template", None, "template is missing"),
    ("Deployment", "spec", None, "spec is missing"),
    ("Deployment", POD + "containers", {}, "expected a list"),
    ("Deployment", SIDECAR + "readinessProbe/httpGet/port", None, "port is missing"),
    ("Deployment", "metadata/name", None, "metadata.name is missing"),
    ("Deployment", "apiVersion", "extensions/v1beta1", "knows no Deployment"),
    ("PodMonitor", "spec/endpoints", [], "endpoints is no field of PodMonitorSpec"),
    ("PodMonitor", "spec/selector", None, "selector is missing"),
    ("PodMonitor", "spec/podMetricsEndpoints/0/targetPort", 8080, "targetPort is no field"),
    # what refers to what
    ("Deployment", "spec/template/metadata/labels/app.kubernetes.io~component", "web",
     "its selector is not its template's"),
    ("Deployment", "spec/template/metadata/annotations/prometheus.io~port", "9090",
     "prometheus.io/port is no port of it"),
    ("Deployment", POD + "topologySpreadConstraints/0/labelSelector/matchLabels", {"a": "b"},
     "spreads by other labels"),
    ("Service", "spec/selector", {"app": "app"}, "selects not one workload's pods"),
    ("PodDisruptionBudget", "spec/selector/matchLabels", {"app": "x"}, "selects not one"),
    ("NetworkPolicy", "spec/podSelector/matchLabels", {"app": "x"}, "selects not one"),
    ("PodMonitor", "spec/selector/matchLabels", {"app": "x"}, "selects not one"),
    ("Service", "spec/ports/0/targetPort", "web", "no container has the port web"),
    ("Service", "spec/ports/0/targetPort", "app", "leads past nginx"),
    ("NetworkPolicy", "spec/ingress/0/ports/0/port", 8000, "lets in at 8000"),
    ("NetworkPolicy", "spec/egress/0", None, "(53, 'UDP') is not let out"),
    ("PodMonitor", "spec/podMetricsEndpoints/0/port", "metrics", "no container has the port"),
    ("PodMonitor", "spec/podMetricsEndpoints/0/scrapeTimeout", "15s", "longer than the interval"),
    ("Deployment", POD + "volumes/logs/name", "log", "are not both there and mounted"),
    ("Deployment", SIDECAR + "volumeMounts/run/mountPath", "/var/log/probity", "mounts twice"),
    ("Deployment", SIDECAR + "envFrom/2/configMapRef/name", "settings", "there is no settings"),
    ("Deployment", SIDECAR + "envFrom/0/secretRef/name", "secrets", "there is no secrets"),
    ("Deployment", POD + "serviceAccountName", "web", "no ServiceAccount web"),
    # what Probity knows
    ("ConfigMap", "data/PROBITY_APPP", "x", "Probity has no setting PROBITY_APPP"),
    ("Deployment", SIDECAR + "readinessProbe/httpGet/path", "/ready", "nobody answers /ready"),
    ("Deployment", SIDECAR + "livenessProbe/httpGet/path", "/health/car", "nobody answers"),
    ("Deployment", APP + "livenessProbe/httpGet/port", "http", "asks another container's port"),
    ("Deployment", SIDECAR + "livenessProbe/httpGet/path", "/health",
     "a failing application would restart the sidecar"),
    ("Deployment", SIDECAR + "readinessProbe/httpGet/path", "/health", "readiness asks /health"),
    ("Deployment", APP + "startupProbe", None, "belong together"),
    ("Deployment", APP + "startupProbe/failureThreshold", 30, "don't fit into 60 s"),
    ("Deployment", "spec/progressDeadlineSeconds", 300, "called failed before startup is"),
    ("Deployment", APP + "livenessProbe/timeoutSeconds", 11, "longer than the period"),
    ("Deployment", SIDECAR + "readinessProbe/timeoutSeconds", 2, "within 1 s or not at all"),
    # the arithmetic of the end
    ("Deployment", POD + "terminationGracePeriodSeconds", 30, "Probity's end may take 33 s"),
    ("Deployment", POD + "terminationGracePeriodSeconds", None, "and it has 30 s"),
    ("Deployment", APP + "lifecycle/preStop/exec/command", ["sleep", "20"],
     "told to end after 20 s, while nginx may still need it for 20 s"),
    ("Deployment", APP + "lifecycle", None, "told to end after 0 s"),
    ("Deployment", APP + "lifecycle/preStop/exec/command", ["sleep", "40"], "5 s for its own end"),
    ("ConfigMap", "data/PROBITY_DRAIN_SECONDS", "25", "Probity's end may take 48 s"),
    ("ConfigMap", "data/PROBITY_SHUTDOWN_SECONDS", "30", "Probity's end may take 73 s"),
    ("Deployment", SIDECAR + "livenessProbe/terminationGracePeriodSeconds", 10, "not even drain"),
    ("ConfigMap", "data/PROBITY_LOG_MAX_MIB", "128", "logs may become 768 MiB"),
    ("ConfigMap", "data/PROBITY_LOG_DIR", "/logs", "can be written is mounted at /logs"),
    ("Deployment", POD + "volumes/run/emptyDir", None, "can be written is mounted at /run/probity"),
    # the restricted profile, and manners
    ("Deployment", POD + "securityContext/runAsNonRoot", None, "may run as root"),
    ("Deployment", POD + "securityContext/runAsUser", 0, "may run as root"),
    ("Deployment", POD + "securityContext/seccompProfile", None, "no seccomp profile"),
    ("Deployment", POD + "hostNetwork", True, "hostNetwork"),
    ("Deployment", POD + "volumes/run", {"name": "run", "hostPath": {"path": "/run"}},
     "of a kind that is not allowed"),
    ("Deployment", SIDECAR + "securityContext/allowPrivilegeEscalation", None, "gain privileges"),
    ("Deployment", SIDECAR + "securityContext/capabilities/drop", [], "keeps capabilities"),
    ("Deployment", SIDECAR + "securityContext/capabilities/add", ["SYS_PTRACE"], "keeps capab"),
    ("Deployment", SIDECAR + "securityContext/readOnlyRootFilesystem", False, "can be written"),
    ("Deployment", SIDECAR + "ports/http/hostPort", 80, "a port of the node"),
    ("Deployment", POD + "automountServiceAccountToken", None, "a token of the API server"),
    ("Deployment", POD + "enableServiceLinks", None, "would set REDIS_PORT"),
    ("Deployment", SIDECAR + "resources/limits", {"memory": "1Gi", "cpu": "1"}, "throttled proxy"),
    ("Deployment", APP + "resources/requests", None, "no requests"),
    ("Deployment", "spec/strategy/rollingUpdate/maxUnavailable", 1, "old pods may go"),
    ("ServiceAccount", "automountServiceAccountToken", None, "it gets a token"),
]


@pytest.fixture(scope="module")
def sound():
    return objects_of("base", "prometheus")


@pytest.mark.parametrize("kind, path, value, said", SPOILT,
                         ids=[f"{row[0]}-{row[1].rpartition('/')[2]}-{i}"
                              for i, row in enumerate(SPOILT)])
def test_what_is_wrong_is_found(kind, path, value, said, sound, defaults):
    objects = copy.deepcopy(sound)
    spoil(find(objects, kind), path, value)
    found = kube_rules.complaints(objects, defaults)
    assert any(said in text for text in found), found


# --- as kubectl builds them ---

KUBECTL = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@KUBECTL
@pytest.mark.long
@pytest.mark.parametrize("folder", ["base", "worker", "gateway", "migrate", *OVERLAYS])
def test_what_kubectl_builds_keeps_every_rule(folder, defaults):
    objects = kustomize(folder)
    if folder == "worker":
        objects += build("base")
    assert kube_rules.complaints(objects, defaults) == []


@KUBECTL
@pytest.mark.long
@pytest.mark.parametrize("folder", ["base", "worker", "gateway", "migrate", "prometheus"])
def test_kubectl_builds_what_the_quick_tests_look_at(folder):
    def plain(objects):
        def bare(item):
            if isinstance(item, dict):
                return {key: bare(value) for key, value in item.items()}
            if isinstance(item, list):
                return [bare(value) for value in item]
            return re.sub(r"^(probity|gateway(?:-files)?)-[a-z0-9]{10}$", r"\1", item) \
                if isinstance(item, str) else item
        return sorted(map(bare, objects), key=lambda item: (item["kind"], item["metadata"]["name"]))
    assert plain(kustomize(folder)) == plain(build(folder))


@KUBECTL
@pytest.mark.long
def test_the_example_changes_what_it_says_and_a_changed_setting_is_another_name(tmp_path):
    objects = kustomize("example")
    assert {item["metadata"].get("namespace") for item in objects
            if item["kind"] != "Namespace"} == {"shop"}
    app = find(objects, "Deployment", "app")
    assert app["spec"]["replicas"] == 3
    assert {row["image"] for row in template_of(app)["spec"]["containers"]} == {
        "registry.example.com/shop:1.4.2", "registry.example.com/probity:1.4.2"}
    settings = find(objects, "ConfigMap")
    assert settings["data"]["PROBITY_SERVICE"] == "shop"
    assert settings["data"]["PROBITY_DRAIN_SECONDS"] == "10"
    shutil.copytree(MANIFESTS, tmp_path / "kubernetes")
    path = tmp_path / "kubernetes" / "example" / "kustomization.yaml"
    path.write_text(path.read_text().replace("PROBITY_SERVICE=shop", "PROBITY_SERVICE=shopping"))
    changed = find(kustomize(str(path.parent)), "ConfigMap")
    assert changed["metadata"]["name"] != settings["metadata"]["name"]


@KUBECTL
@pytest.mark.long
def test_in_the_image_there_is_one_container_and_it_is_restarted_with_its_application():
    template = template_of(find(kustomize("in-image"), "Deployment"))
    container, = template["spec"]["containers"]
    assert container["image"] == "app" and container["command"] == [
        "/opt/probity/bin/probity", "serve", "--"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    assert container["startupProbe"]["httpGet"]["path"] == "/health/startup"
    assert "lifecycle" not in container
