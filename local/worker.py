"""The inference worker as a process of the local stack."""

import requests

from local import secrets
from local.layout import get_layout
from local.process import ProcessSpec, environment, python
from market.settings import get_settings

NAME = "worker"


def spec() -> ProcessSpec:
    layout = get_layout()
    return ProcessSpec(
        name=NAME,
        command=python("-m", "inference.worker"),
        environment=environment(layout, NAME, secrets.environment("worker")),
        healthy=lambda started: _answers(),
        level=3,
        stop_grace_s=8.0,
        after_healthy=("kafka", "mariadb"),
    )


def _answers() -> bool:
    worker = get_settings().worker
    try:
        return requests.get(f"http://{worker.metrics_host}:{worker.metrics_port}/health", timeout=2).ok
    except requests.RequestException:
        return False
