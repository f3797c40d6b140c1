"""kube_schema.py - what the API server would refuse: unknown fields, wrong types, missing ones.

The official client's models are the schema; its own deserialiser looks over what it doesn't know.
"""
# SPDX-License-Identifier: MIT
import re

import kubernetes.client.models as models

GROUPS = {  # where each kind belongs
    "v1": {"ConfigMap", "Namespace", "Secret", "Service", "ServiceAccount"},
    "apps/v1": {"Deployment"},
    "batch/v1": {"Job"},
    "networking.k8s.io/v1": {"NetworkPolicy"},
    "policy/v1": {"PodDisruptionBudget"},
}
PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": (str, int, dict)}

# Of the operator's own kinds: the fields that its documentation has (api.md), and their types.
LABEL_SELECTOR = "V1LabelSelector"
SECRET_KEY = "V1SecretKeySelector"
OWN_KINDS = {
    ("monitoring.coreos.com/v1", "PodMonitor"): {
        "spec": "PodMonitorSpec", "metadata": "V1ObjectMeta", "apiVersion": "str", "kind": "str"},
    "PodMonitorSpec": {
        "!selector": LABEL_SELECTOR, "!podMetricsEndpoints": "list[PodMetricsEndpoint]",
        "jobLabel": "str", "podTargetLabels": "list[str]", "namespaceSelector": "NamespaceSelector",
        "sampleLimit": "int", "targetLimit": "int", "labelLimit": "int"},
    "NamespaceSelector": {"any": "bool", "matchNames": "list[str]"},
    "PodMetricsEndpoint": {
        "port": "str", "path": "str", "scheme": "str", "params": "dict(str, list[str])",
        "interval": "str", "scrapeTimeout": "str", "honorLabels": "bool", "honorTimestamps": "bool",
        "authorization": "SafeAuthorization", "bearerTokenSecret": SECRET_KEY,
        "followRedirects": "bool", "filterRunning": "bool",
        "relabelings": "list[RelabelConfig]", "metricRelabelings": "list[RelabelConfig]"},
    "SafeAuthorization": {"type": "str", "credentials": SECRET_KEY},
    "RelabelConfig": {"sourceLabels": "list[str]", "separator": "str", "targetLabel": "str",
                      "regex": "str", "replacement": "str", "action": "str", "modulus": "int"},
}
# What a kustomization may say that Debian's kubectl (1.20, kustomize 2.0) and a new one both know.
KUSTOMIZATION = {
    "apiVersion": "str", "kind": "str", "bases": "list[str]", "resources": "list[str]",
    "namespace": "str", "namePrefix": "str", "nameSuffix": "str",
    "commonLabels": "dict(str, str)", "commonAnnotations": "dict(str, str)",
    "configMapGenerator": "list[Generator]", "secretGenerator": "list[Generator]",
    "images": "list[Image]", "patchesStrategicMerge": "list[str]"}
OWN_KINDS.update({
    "Generator": {"!name": "str", "behavior": "str", "literals": "list[str]", "files": "list[str]"},
    "Image": {"!name": "str", "newName": "str", "newTag": "str", "digest": "str"}})


def fields_of(kind):
    """{name in JSON: type}, and the names that must be there."""
    if kind in OWN_KINDS:
        rows = OWN_KINDS[kind]
        return ({name.lstrip("!"): typ for name, typ in rows.items()},
                {name[1:] for name in rows if name.startswith("!")})
    model = getattr(models, kind)
    required = set()
    for attribute, name in model.attribute_map.items():
        probe = model.__new__(model)
        probe.local_vars_configuration = _Strict
        try:  # a setter refuses None where the API does
            setattr(probe, attribute, None)
        except ValueError:
            required.add(name)
    return {name: model.openapi_types[attribute]
            for attribute, name in model.attribute_map.items()}, required


class _Strict:  # what a model asks for: whether it shall validate
    client_side_validation = True


_known = {}


def walk(value, kind, path, found):
    """Adds to `found` whatever is wrong with `value`, if it is to be a `kind`."""
    item = re.fullmatch(r"list\[(.+)\]", kind)
    entry = re.fullmatch(r"dict\(str, (.+)\)", kind)
    if item:
        if not isinstance(value, list):
            found.append(f"{path}: expected a list, not {value!r}")
            return
        for i, each in enumerate(value):
            walk(each, item[1], f"{path}[{i}]", found)
    elif entry:
        if not isinstance(value, dict):
            found.append(f"{path}: expected a mapping, not {value!r}")
            return
        for key, each in value.items():
            walk(each, entry[1], f"{path}.{key}", found)
    elif kind in PLAIN:
        wanted = PLAIN[kind]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            found.append(f"{path}: expected {kind}, not {value!r}")
    else:
        walk_object(value, kind, path, found)


def walk_object(value, kind, path, found):
    if not isinstance(value, dict):
        found.append(f"{path}: expected a {kind}, not {value!r}")
        return
    if kind not in _known:
        _known[kind] = fields_of(kind)
    fields, required = _known[kind]
    for name in sorted(required - set(value)):
        found.append(f"{path}: {name} is missing")
    for name, each in value.items():
        if name not in fields:
            found.append(f"{path}: {name} is no field of {kind}")
        else:
            walk(each, fields[name], f"{path}.{name}", found)


def complaints(item):
    """All that is wrong with the shape of one object."""
    api, kind = item.get("apiVersion"), item.get("kind")
    found = []
    if (api, kind) in OWN_KINDS:
        OWN_KINDS[kind] = OWN_KINDS[(api, kind)]
        walk(item, kind, kind, found)
    elif kind in GROUPS.get(api, ()):
        walk(item, f"V1{kind}", kind, found)
        # The models let a Deployment be without what makes it one.
        wanted = {"metadata"} | ({"spec"} if api != "v1" or kind == "Service" else set())
        found += [f"{kind}: {name} is missing" for name in sorted(wanted - set(item))]
    else:
        found.append(f"{api} knows no {kind}")
    if not (item.get("metadata") or {}).get("name"):
        found.append(f"{kind}: metadata.name is missing")
    return found


def kustomization_complaints(item):
    found = []
    OWN_KINDS["Kustomization"] = KUSTOMIZATION
    walk(item, "Kustomization", "Kustomization", found)
    return found
