"""recount.py SERVICE FILE… - counts access logs once more, in plain Python: the ledger must agree.

Prints {"objective": [total, bad]}.  It knows the contract and nothing of probityd's code.
"""
# SPDX-License-Identifier: MIT
import json
import re
import sys

OWN = re.compile(r"^/(health|slo|metrics|livez|readyz|healthz)(/|$)")
THRESHOLDS_MS = {"latency-p95": 500, "latency-p99": 2000}


def recount(paths, service="app"):
    sums = {f"{service}-{name}": [0, 0]
            for name in ("availability", "error-rate", *THRESHOLDS_MS)}
    for path in paths:
        with open(path, encoding="utf-8", errors="surrogateescape") as log:
            for event in map(json.loads, log):
                status = int(event["status"])
                if (event["method"] == "OPTIONS" or status in (101, 499) or OWN.match(event["path"])
                        or event["service"] not in ("", service)):
                    continue
                for name in ("availability", "error-rate"):
                    sums[f"{service}-{name}"][0] += 1
                    sums[f"{service}-{name}"][1] += status >= 500
                for name, threshold_ms in THRESHOLDS_MS.items() if status < 500 else ():
                    sums[f"{service}-{name}"][0] += 1
                    sums[f"{service}-{name}"][1] += round(event["request_time"] * 1000) >= threshold_ms
    return sums


if __name__ == "__main__":
    print(json.dumps(recount(sys.argv[2:], sys.argv[1])))
