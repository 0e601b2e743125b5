"""Airflow's REST API as the main job uses it: log in, unpause, trigger, watch."""

import time
from dataclasses import dataclass
from typing import Any

import requests

from local import secrets
from local.airflow_processes import ADMIN, base_url
from local.errors import StackError

REQUEST_TIMEOUT_S = 30.0
POLL_S = 0.5
FINISHED = ("success", "failed")


@dataclass(frozen=True)
class Run:
    """One DAG run."""

    dag_id: str
    run_id: str


class AirflowApi:
    """A logged-in session; every method raises StackError with Airflow's own words when it is refused."""

    def __init__(self) -> None:
        self._session = requests.Session()
        password = secrets.load()[secrets.AIRFLOW_ADMIN]
        answer = self._session.post(
            f"{base_url()}/auth/token", json={"username": ADMIN, "password": password}, timeout=REQUEST_TIMEOUT_S
        )
        self._session.headers["Authorization"] = f"Bearer {_content(answer)['access_token']}"

    def import_errors(self) -> list[str]:
        """File and last line of each DAG file that does not parse."""
        errors = self._call("GET", "importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def wait_for_dags(self, wanted: set[str], timeout_s: float) -> None:
        """Until Airflow has parsed all of them. Raises StackError naming a file that does not parse."""
        deadline = time.monotonic() + timeout_s
        while missing := wanted - {dag["dag_id"] for dag in self._call("GET", "dags", {"limit": 100})["dags"]}:
            if errors := self.import_errors():
                raise StackError(f"Airflow cannot parse {'; '.join(errors)}")
            if time.monotonic() > deadline:
                raise StackError(f"Airflow has not parsed {', '.join(sorted(missing))} after {timeout_s:.0f} s")
            time.sleep(POLL_S)

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        if name not in {pool["name"] for pool in self._call("GET", "pools", {"limit": 100})["pools"]}:
            self._call("POST", "pools", body={"name": name, "slots": slots, "description": description})

    def unpause(self, dag_id: str) -> None:
        self._call("PATCH", f"dags/{dag_id}", body={"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> Run:
        run = self._call("POST", f"dags/{dag_id}/dagRuns", body={"logical_date": None, "conf": conf})
        return Run(dag_id, run["dag_run_id"])

    def state(self, run: Run) -> str:
        return str(self._call("GET", f"dags/{run.dag_id}/dagRuns/{run.run_id}")["state"])

    def failed_tasks(self, run: Run) -> list[str]:
        tasks = self._call("GET", f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances")["task_instances"]
        return [task["task_id"] for task in tasks if task["state"] in ("failed", "up_for_retry", "upstream_failed")]

    def xcom(self, run: Run, task_id: str, key: str) -> Any:
        """What the task left under that key. Raises StackError when it left nothing."""
        return self._call("GET", f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/xcomEntries/{key}")[
            "value"
        ]

    def _call(
        self, method: str, path: str, parameters: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self._session.request(
            method, f"{base_url()}/api/v2/{path}", params=parameters, json=body, timeout=REQUEST_TIMEOUT_S
        )
        return _content(answer)


def _content(answer: requests.Response) -> dict[str, Any]:
    if not answer.ok:
        raise StackError(
            f"Airflow refused {answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}"
        )
    return dict(answer.json())
