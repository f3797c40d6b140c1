"""tasks.py - the demo's Celery tasks."""
# SPDX-License-Identifier: MIT
import os
import time

from celery import Celery

app = Celery("demo", broker=os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0"))
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True,
                worker_hijack_root_logger=False)


@app.task(name="demo.report")
def report(seconds=0.2):
    """What a report costs: a little time, somewhere else than in the request."""
    time.sleep(min(max(float(seconds), 0.0), 60.0))


@app.task(name="demo.mail")
def mail(order):
    time.sleep(0.05)
    return f"mail for order {order} sent"
