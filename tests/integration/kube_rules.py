"""kube_rules.py - what must agree within a set of manifests, and with Probity itself.

Each rule takes a Set and yields complaints; FIRST and RULES are all of them.
"""
# SPDX-License-Identifier: MIT
import os
import re

import yaml

import kube_schema
from kube_objects import Data, containers_of, environment_of, matches, template_of
from process import REPOSITORY

PROBITY = ("probity", "tool", "migrate")   # containers of Probity's image, by their names
SECRETS = {"app", "probity", "probity-migrate"}  # those that a reader makes
MARGIN_SECONDS = 1
APPLICATION_END_SECONDS = 10  # what an application gets for its own end, after nginx has gone
LEDGER_END_SECONDS = 3        # for the last commit, as docs/deploy/README.md has it
MIB = 1024 * 1024
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}  # that the restricted profile admits
WORKLOADS = ("Deployment", "Job")


class Set:
    """The objects of one build.  `defaults` are the settings' own, by name."""

    def __init__(self, objects, defaults):
        self.objects, self.defaults = objects, defaults
        self.data = Data(objects)

    def of(self, *kinds):
        return [item for item in self.objects if item["kind"] in kinds]

    def workloads(self):
        return [(item, template_of(item)) for item in self.of(*WORKLOADS)]

    def environment(self, container, template):
        """Without what Secrets hold: those are the reader's."""
        bare = {**container, "envFrom": [row for row in container.get("envFrom") or []
                                         if "configMapRef" in row],
                "env": [row for row in container.get("env") or []
                        if "secretKeyRef" not in (row.get("valueFrom") or {})]}
        return environment_of(bare, {"metadata": {**template["metadata"], "name": "pod"},
                                     "spec": template["spec"]}, self.data)

    def setting(self, env, name):
        return env.get(name) or self.defaults[name]


def runs_probity(container):
    """Whether it is `probity serve`, in its own image or in the application's."""
    command = container.get("command")
    return container["name"] == "probity" and (not command or command[1:2] == ["serve"])


def has_shape(checked):
    for item in checked.objects:
        name = (item.get("metadata") or {}).get("name")
        for text in kube_schema.complaints(item):
            yield f"{item.get('kind')} {name}: {text}"


# --- what refers to what ---

def selectors_agree(checked):
    labels = [template["metadata"]["labels"] for _, template in checked.workloads()]
    for item in checked.of("Deployment"):
        selector = item["spec"]["selector"]["matchLabels"]
        if not matches(template_of(item)["metadata"]["labels"], selector):
            yield f"Deployment {item['metadata']['name']}: its selector is not its template's"
        for row in template_of(item)["spec"].get("topologySpreadConstraints") or []:
            if row["labelSelector"]["matchLabels"] != selector:
                yield f"Deployment {item['metadata']['name']}: it spreads by other labels"
    for item in checked.of("Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        spec = item["spec"]
        selector = spec["selector"] if item["kind"] == "Service" else (
            spec.get("selector") or spec["podSelector"])["matchLabels"]
        if sum(matches(each, selector) for each in labels) != 1:
            yield f"{item['kind']} {item['metadata']['name']}: it selects not one workload's pods"


def selected_ports(checked, selector):
    return {row["name"]: row["containerPort"] for _, template in checked.workloads()
            if matches(template["metadata"]["labels"], selector)
            for container in containers_of(template) for row in container.get("ports") or []}


def ports_agree(checked):
    for item in checked.of("Service"):
        known = selected_ports(checked, item["spec"]["selector"])
        for row in item["spec"]["ports"]:
            target = row.get("targetPort", row["port"])
            if target not in known and target not in known.values():
                yield f"Service {item['metadata']['name']}: no container has the port {target}"
            if target in ("app", 8000):
                yield f"Service {item['metadata']['name']}: it leads past nginx"
    for item in checked.of("NetworkPolicy"):
        known = selected_ports(checked, item["spec"]["podSelector"]["matchLabels"])
        for rule in item["spec"].get("ingress") or []:
            for row in rule.get("ports") or [{"port": None}]:
                if row["port"] not in known or row["port"] == "app":
                    yield f"NetworkPolicy {item['metadata']['name']}: lets in at {row['port']}"
    for item in checked.of("PodMonitor"):
        known = selected_ports(checked, item["spec"]["selector"]["matchLabels"])
        for row in item["spec"]["podMetricsEndpoints"]:
            if row["port"] not in known:
                yield f"PodMonitor: no container has the port {row['port']}"
            if seconds(row["scrapeTimeout"]) >= seconds(row["interval"]):
                yield "PodMonitor: a scrape may take longer than the interval"
    for item, template in checked.workloads():
        notes = template["metadata"].get("annotations") or {}
        numbers = {row["containerPort"] for container in containers_of(template)
                   for row in container.get("ports") or []}
        if notes.get("prometheus.io/scrape") and int(notes["prometheus.io/port"]) not in numbers:
            yield f"{item['metadata']['name']}: prometheus.io/port is no port of it"


def seconds(text):
    return int(text.rstrip("s"))


def policies_let_out(checked):
    """Names, the database, Redis."""
    for item in checked.of("NetworkPolicy"):
        ports = {(row["port"], row["protocol"]) for rule in item["spec"]["egress"]
                 for row in rule.get("ports") or []}
        for wanted in ((53, "UDP"), (53, "TCP"), (5432, "TCP"), (6379, "TCP")):
            if wanted not in ports:
                yield f"NetworkPolicy {item['metadata']['name']}: {wanted} is not let out"


def volumes_agree(checked):
    for item, template in checked.workloads():
        name = item["metadata"]["name"]
        there = [row["name"] for row in template["spec"].get("volumes") or []]
        used = set()
        for container in containers_of(template, init=True):
            paths = [row["mountPath"] for row in container.get("volumeMounts") or []]
            if len(paths) != len(set(paths)):
                yield f"{name}: {container['name']} mounts twice at one path"
            used |= {row["name"] for row in container.get("volumeMounts") or []}
        if set(there) != used or len(there) != len(set(there)):
            yield f"{name}: volumes {sorted(set(there) ^ used)} are not both there and mounted"


def references_exist(checked):
    maps = {item["metadata"]["name"] for item in checked.of("ConfigMap")}
    accounts = {item["metadata"]["name"] for item in checked.of("ServiceAccount")}
    for item, template in checked.workloads():
        name = item["metadata"]["name"]
        account = template["spec"].get("serviceAccountName")
        if account and accounts and account not in accounts:
            yield f"{name}: there is no ServiceAccount {account}"
        for container in containers_of(template, init=True):
            rows = [row["valueFrom"] for row in container.get("env") or [] if "valueFrom" in row]
            for row in (container.get("envFrom") or []) + rows:
                for key, known in (("configMapRef", maps), ("configMapKeyRef", maps),
                                   ("secretRef", SECRETS), ("secretKeyRef", SECRETS)):
                    if key in row and row[key]["name"] not in known:
                        yield f"{name}: {container['name']}: there is no {row[key]['name']}"


# --- what Probity knows ---

def settings_are_known(checked):
    for item, template in checked.workloads():
        for container in containers_of(template, init=True):
            if container["name"] not in PROBITY:
                continue
            for name in checked.environment(container, template):
                if name not in checked.defaults:
                    yield f"{item['metadata']['name']}: Probity has no setting {name}"


def probe_locations():
    """The paths that nginx gives to Probity, as a regular expression."""
    path = os.path.join(REPOSITORY, "nginx", "probity-server.conf")
    with open(path, encoding="utf-8") as file:
        found = re.search(r"location ~ (\^\S*/\(\?:health\|\S+) \{", file.read())
    return re.compile(re.sub(r"\(\?<", "(?P<", found[1]))


def groups_of(env):
    text = env.get("PROBITY_CHECKS")
    return {group for check in yaml.safe_load(text) if text
            for group in check.get("groups") or []} if text else set()


def probes_ask_what_answers(checked):
    locations = probe_locations()
    for item, template in checked.workloads():
        name = item["metadata"]["name"]
        for container in containers_of(template):
            own = {key for row in container.get("ports") or []
                   for key in (row["name"], row["containerPort"])}
            for kind in ("startup", "liveness", "readiness"):
                probe = container.get(f"{kind}Probe")
                asked = (probe or {}).get("httpGet")
                if asked is None:
                    continue
                where = f"{name}: {container['name']}: {kind}"
                # Else the fault of one container restarts the other.
                if asked["port"] not in own:
                    yield f"{where}: it asks another container's port {asked['port']}"
                if runs_probity(container):
                    env = checked.environment(container, template)
                    paths = {"/health", "/health/ready", "/health/startup"} | {
                        f"/health/{group}" for group in groups_of(env)}
                    if asked["path"] not in paths or not locations.match(asked["path"]):
                        yield f"{where}: nobody answers {asked['path']}"


def probes_restart_the_right_one(checked):
    for item, template in checked.workloads():
        name = item["metadata"]["name"]
        containers = containers_of(template)
        for container in containers:
            if not runs_probity(container):
                continue
            paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"]
                     for kind in ("startup", "liveness", "readiness")}
            env = checked.environment(container, template)
            if paths["readiness"] != "/health/ready":
                yield f"{name}: readiness asks {paths['readiness']}"
            judges_app = {"/health", "/health/startup", "/health/ready"} & {
                paths["liveness"], paths["startup"]}
            if len(containers) > 1 and "PROBITY_APP" in env and judges_app:
                yield f"{name}: a failing application would restart the sidecar"
            if len(containers) == 1 and "PROBITY_APP" in env and paths["liveness"] != "/health":
                yield f"{name}: nobody restarts a failing application"


def probes_have_time(checked):
    for item, template in checked.workloads():
        name = item["metadata"]["name"]
        for container in containers_of(template):
            where = f"{name}: {container['name']}"
            startup = container.get("startupProbe")
            if item["kind"] == "Deployment" and (not startup or "livenessProbe" not in container):
                yield f"{where}: liveness and startup belong together"
                continue
            if startup:
                budget = startup["periodSeconds"] * startup["failureThreshold"]
                if budget < 300:
                    yield f"{where}: minutes of migrations don't fit into {budget} s"
                if budget + item["spec"]["minReadySeconds"] >= \
                        item["spec"]["progressDeadlineSeconds"]:
                    yield f"{where}: a rollout is called failed before startup is"
            for kind in ("startup", "liveness", "readiness"):
                probe = container.get(f"{kind}Probe")
                if not probe:
                    continue
                if probe["timeoutSeconds"] > probe["periodSeconds"]:
                    yield f"{where}: {kind}: a look may take longer than the period"
                if runs_probity(container) and probe["timeoutSeconds"] != 1:
                    yield f"{where}: {kind}: Probity answers within 1 s or not at all"
                if "exec" in probe:
                    own = re.search(r"--timeout (\d+)s", " ".join(probe["exec"]["command"]))
                    if own is None or int(own[1]) >= probe["timeoutSeconds"]:
                        yield f"{where}: {kind}: it is killed before it can say why"


def prestop_seconds(container):
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    if "sleep" in hook:
        return hook["sleep"]["seconds"]
    command = (hook.get("exec") or {}).get("command") or [None]
    return int(command[1]) if command[0] == "sleep" else 0


def ends_are_long_enough(checked):
    for item, template in checked.workloads():
        served = [row for row in containers_of(template) if runs_probity(row)]
        if not served:
            continue
        name = item["metadata"]["name"]
        grace = template["spec"].get("terminationGracePeriodSeconds", 30)
        env = checked.environment(served[0], template)
        drain = seconds(checked.setting(env, "PROBITY_DRAIN_SECONDS"))
        shutdown = seconds(checked.setting(env, "PROBITY_SHUTDOWN_SECONDS"))
        longest = prestop_seconds(served[0]) + drain + 2 * shutdown + LEDGER_END_SECONDS
        if grace < longest:
            yield f"{name}: Probity's end may take {longest} s, and it has {grace} s"
        own = served[0]["livenessProbe"].get("terminationGracePeriodSeconds", grace)
        if own <= drain:
            yield f"{name}: a restart by liveness would not even drain in {own} s"
        for container in containers_of(template):
            if container is served[0]:
                continue
            sleep = prestop_seconds(container)
            if sleep < drain + shutdown + MARGIN_SECONDS:
                yield (f"{name}: {container['name']} is told to end after {sleep} s, while nginx "
                       f"may still need it for {drain + shutdown} s")
            if grace < sleep + APPLICATION_END_SECONDS:
                yield f"{name}: {container['name']} has {grace - sleep} s for its own end"


def bytes_of(text):
    number, unit = re.fullmatch(r"(\d+)([KMG]i)?", str(text)).groups()
    return int(number) * {None: 1, "Ki": 1024, "Mi": MIB, "Gi": 1024 * MIB}[unit]


def folders_can_be_written(checked):
    """The root is read-only, so what Probity writes is mounted; and the logs fit."""
    for item, template in checked.workloads():
        name = item["metadata"]["name"]
        volumes = {row["name"]: row for row in template["spec"].get("volumes") or []}
        for container in containers_of(template):
            if not runs_probity(container):
                continue
            mounts = {row["mountPath"]: volumes.get(row["name"], {})
                      for row in container.get("volumeMounts") or [] if not row.get("readOnly")}
            env = checked.environment(container, template)
            logs = checked.setting(env, "PROBITY_LOG_DIR")
            for path in (os.path.dirname(checked.setting(env, "PROBITY_LISTEN")), logs,
                         checked.setting(env, "PROBITY_STATE_DIR")):
                if "emptyDir" not in mounts.get(path, {}):
                    yield f"{name}: nothing that can be written is mounted at {path}"
            size = mounts.get(logs, {}).get("emptyDir", {}).get("sizeLimit")
            # access.log and probity.log, each with its old ones.
            most = 2 * MIB * int(checked.setting(env, "PROBITY_LOG_MAX_MIB")) * (
                1 + int(checked.setting(env, "PROBITY_LOG_KEEP")))
            if size and bytes_of(size) < most * 5 // 4:
                yield f"{name}: {size} of logs may become {most // MIB} MiB: the pod is evicted"


# --- the restricted profile, and manners ---

def profile_is_restricted(checked):
    for item, template in checked.workloads():
        name, spec = item["metadata"]["name"], template["spec"]
        pod = spec.get("securityContext") or {}
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(key):
                yield f"{name}: {key}"
        for row in spec.get("volumes") or []:
            if not set(row) - {"name"} <= VOLUMES:
                yield f"{name}: the volume {row['name']} is of a kind that is not allowed"
        for container in containers_of(template, init=True):
            where, own = f"{name}: {container['name']}", container.get("securityContext") or {}
            both = {**pod, **own}
            if both.get("runAsNonRoot") is not True or both.get("runAsUser", 1) == 0:
                yield f"{where}: it may run as root"
            if (both.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
                yield f"{where}: no seccomp profile"
            if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
                yield f"{where}: it may gain privileges"
            capabilities = own.get("capabilities") or {}
            if capabilities.get("drop") != ["ALL"] or \
                    not set(capabilities.get("add") or []) <= {"NET_BIND_SERVICE"}:
                yield f"{where}: it keeps capabilities"
            if own.get("readOnlyRootFilesystem") is not True:
                yield f"{where}: its root can be written"
            if any("hostPort" in row for row in container.get("ports") or []):
                yield f"{where}: a port of the node"


def manners(checked):
    for item, template in checked.workloads():
        name, spec = item["metadata"]["name"], template["spec"]
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name}: it gets a token of the API server"
        if spec.get("enableServiceLinks") is not False:
            yield f"{name}: a Service named redis would set REDIS_PORT"
        for container in containers_of(template, init=True):
            resources = container.get("resources") or {}
            if not {"cpu", "memory"} <= set(resources.get("requests") or {}) \
                    or "memory" not in (resources.get("limits") or {}):
                yield f"{name}: {container['name']}: no requests, or no limit of memory"
            if runs_probity(container) and "cpu" in resources["limits"]:
                yield f"{name}: a throttled proxy is a slow one"
        if item["kind"] == "Deployment":
            rolling = item["spec"]["strategy"]["rollingUpdate"]
            if rolling != {"maxSurge": 1, "maxUnavailable": 0}:
                yield f"{name}: old pods may go before new ones are there"
    for item in checked.of("ServiceAccount"):
        if item.get("automountServiceAccountToken") is not False:
            yield "ServiceAccount: it gets a token"


FIRST = (has_shape, references_exist)  # where these complain, the others have nothing to stand on
RULES = (selectors_agree, ports_agree, policies_let_out, volumes_agree, settings_are_known,
         probes_ask_what_answers, probes_restart_the_right_one, probes_have_time,
         ends_are_long_enough, folders_can_be_written, profile_is_restricted, manners)


def complaints(objects, defaults):
    """All that is wrong with a set of objects."""
    checked = Set(objects, defaults)
    for rule in FIRST:
        found = list(rule(checked))
        if found:
            return found
    return [text for rule in RULES for text in rule(checked)]
