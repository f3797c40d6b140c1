"""kube_objects.py - reads manifests, and finds what they say: images, environment, selectors."""
# SPDX-License-Identifier: MIT
import base64
import copy
import os
import re
import shutil
import subprocess

import yaml

from process import REPOSITORY

MANIFESTS = os.path.join(REPOSITORY, "deploy", "kubernetes")


def load(path):
    """The objects of a YAML file."""
    with open(path, encoding="utf-8") as file:
        return [found for found in yaml.safe_load_all(file) if found is not None]


def kustomize(folder, program=None):
    """What `kubectl kustomize` makes of a folder below deploy/kubernetes, or of any other."""
    program = program or shutil.which("kubectl")
    if program is None:
        raise RuntimeError("kubectl is missing: apt install kubernetes-client")
    path = folder if os.path.isabs(folder) else os.path.join(MANIFESTS, folder)
    done = subprocess.run([program, "kustomize", path], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"kubectl kustomize {path}: {done.stderr.strip()}")
    return [found for found in yaml.safe_load_all(done.stdout) if found is not None]


def find(objects, kind, name=None):
    """The object of that kind; of that name, where there are several."""
    found = [item for item in objects if item["kind"] == kind
             and name in (None, item["metadata"]["name"])]
    if len(found) != 1:
        raise KeyError(f"{len(found)} objects of kind {kind}, name {name or 'any'}")
    return found[0]


def matches(labels, selector):
    return all((labels or {}).get(key) == value for key, value in selector.items())


def template_of(item):
    """The pod template of a Deployment or Job; a Pod is its own."""
    return item if item["kind"] == "Pod" else item["spec"]["template"]


def containers_of(template, init=False):
    found = list(template["spec"]["containers"])
    return (list(template["spec"].get("initContainers") or []) + found) if init else found


def container_of(template, name):
    for container in containers_of(template, init=True):
        if container["name"] == name:
            return container
    raise KeyError(f"no container {name}")


def change(template, image=None, env=None):
    """A copy with other images ({container: image}) and more environment ({name: value})."""
    template = copy.deepcopy(template)
    for container in containers_of(template, init=True):
        container["image"] = (image or {}).get(container["name"], container["image"])
        kept = [row for row in container.get("env") or [] if row["name"] not in (env or {})]
        added = [{"name": name, "value": value} for name, value in (env or {}).items()]
        if env:
            container["env"] = kept + added
    return template


class Data:
    """ConfigMaps and Secrets by name, as text."""

    def __init__(self, objects):
        self.held = {"ConfigMap": {}, "Secret": {}}
        for item in objects:
            if item["kind"] in self.held:
                values = dict(item.get("data") or {})
                if item["kind"] == "Secret":
                    values = {key: base64.b64decode(value).decode()
                              for key, value in values.items()}
                    values.update(item.get("stringData") or {})
                self.held[item["kind"]][item["metadata"]["name"]] = values

    def of(self, kind, source):
        name = source.get("name") or source.get("secretName")
        if name in self.held[kind]:
            return self.held[kind][name]
        if source.get("optional"):
            return {}
        raise KeyError(f"there is no {kind} {name}")


def downward(path, pod):
    """A field of the pod, by the paths that the downward API knows."""
    match = re.fullmatch(r"metadata\.(labels|annotations)\['([^']+)'\]", path)
    if match:
        return (pod["metadata"].get(match[1]) or {}).get(match[2], "")
    return {"metadata.name": pod["metadata"].get("name", ""),
            "metadata.namespace": pod["metadata"].get("namespace", "default"),
            "metadata.uid": pod["metadata"].get("uid", ""),
            "spec.nodeName": "node", "spec.serviceAccountName":
            pod["spec"].get("serviceAccountName", "default"),
            "status.podIP": pod.get("status", {}).get("podIP", ""),
            "status.hostIP": pod.get("status", {}).get("hostIP", "")}[path]


def expand(text, env):
    """$(NAME) of what is known already; $$ is a $."""
    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)",
                  lambda match: "$" if match[0] == "$$" else env.get(match[1], match[0]), text)


def environment_of(container, pod, data):
    """What the manifest gives a container, in the kubelet's order: envFrom, then env."""
    env = {}
    for source in container.get("envFrom") or []:
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if key in source:
                env.update({source.get("prefix", "") + name: value for name, value
                            in data.of(kind, source[key]).items()})
    for row in container.get("env") or []:
        origin = row.get("valueFrom") or {}
        if "fieldRef" in origin:
            env[row["name"]] = downward(origin["fieldRef"]["fieldPath"], pod)
        elif "configMapKeyRef" in origin or "secretKeyRef" in origin:
            kind = "ConfigMap" if "configMapKeyRef" in origin else "Secret"
            wanted = origin.get("configMapKeyRef") or origin["secretKeyRef"]
            found = data.of(kind, wanted)
            if wanted["key"] in found:
                env[row["name"]] = found[wanted["key"]]
            elif not wanted.get("optional"):
                raise KeyError(f"{kind} {wanted['name']} has no key {wanted['key']}")
        elif "resourceFieldRef" not in origin:
            env[row["name"]] = expand(row.get("value", ""), env)
    return env


def build(folder):
    """What kubectl makes of a kustomization without bases and patches; names get no hash."""
    path = os.path.join(MANIFESTS, folder)
    kustomization, = load(os.path.join(path, "kustomization.yaml"))
    objects = [item for name in kustomization["resources"]
               for item in load(os.path.join(path, name))]
    for row in kustomization.get("configMapGenerator") or []:
        held = dict(text.split("=", 1) for text in row.get("literals") or [])
        for text in row.get("files") or []:
            key, _, name = text.rpartition("=")
            with open(os.path.join(path, name), encoding="utf-8") as file:
                held[key or name] = file.read()
        objects.append({"apiVersion": "v1", "kind": "ConfigMap", "data": held,
                        "metadata": {"name": row["name"]}})
    return objects
