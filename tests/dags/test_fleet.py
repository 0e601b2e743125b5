"""All DAGs at once: they parse without reading anything, and each says who owns it and what to do when it is red."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from market.settings import ROOT

DAG_FILES = sorted((ROOT / "dags").glob("*.py"))

# Airflow is configured when it is first imported, so it is looked at in a process of its own.
LOOK = """
import json
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag()
dags = {dag_id: DagSerialization.from_dict(DagSerialization.to_dict(dag)) for dag_id, dag in bag.dags.items()}
print("RESULT" + json.dumps({
    "errors": bag.import_errors,
    "dags": {
        dag_id: {
            "owner": dag.owner, "tags": sorted(dag.tags), "doc": dag.doc_md or "", "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs, "summary": dag.timetable.summary,
            "tasks": {task.task_id: {"retries": task.retries, "pool": task.pool} for task in dag.tasks},
        }
        for dag_id, dag in dags.items()
    },
}))
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MARKET_")} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(ROOT),
        # A DAG file that asks for a database or a broker at parse time meets nobody here.
        "MARKET_MARIADB__PORT": "1",
        "MARKET_KAFKA__BOOTSTRAP": "127.0.0.1:1",
    }
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=variables, check=True, capture_output=True)
    look = [sys.executable, "-c", LOOK]
    looked = subprocess.run(look, env=variables, capture_output=True, text=True, cwd=home, check=False)
    assert "RESULT" in looked.stdout, looked.stderr
    return dict(json.loads(looked.stdout.split("RESULT")[1]))


def test_every_file_is_one_dag_of_its_name(fleet: dict[str, Any]) -> None:
    assert fleet["errors"] == {}
    assert sorted(fleet["dags"]) == [path.stem for path in DAG_FILES]


def test_every_dag_has_an_owner_tags_and_a_runbook(fleet: dict[str, Any]) -> None:
    for dag_id, dag in fleet["dags"].items():
        assert dag["owner"] == "market", dag_id
        assert "market" in dag["tags"], dag_id
        assert "is red" in dag["doc"], f"{dag_id} does not say what to do when it is red"


def test_no_dag_catches_up_or_runs_twice_at_once(fleet: dict[str, Any]) -> None:
    for dag_id, dag in fleet["dags"].items():
        assert not dag["catchup"], dag_id
        # A slot whose sources are slow must not hold up the next one; each run has a bar end of its own.
        assert dag["max_active_runs"] == (3 if dag_id == "fetch_slots" else 1), dag_id


def test_schedules(fleet: dict[str, Any]) -> None:
    summaries = {dag_id: dag["summary"] for dag_id, dag in fleet["dags"].items()}
    assert summaries["stream_features"] == "@continuous"
    assert summaries["retrain_weekly"] == "0 6 * * 6"
    assert "FX" in summaries["audit_features"]
    assert summaries["audit_slots"] == "30 3 * * *"
    assert summaries["fetch_slots"] == "each bar end"
    assert summaries["fetch_vix"] == "XNYS session close + 1200 s"
    assert summaries["fetch_cot"] == "35 15 * * 1-5"


def test_the_stream_is_submitted_again_for_ever_from_a_pool_of_its_own(fleet: dict[str, Any]) -> None:
    stream = fleet["dags"]["stream_features"]["tasks"]["stream"]
    assert stream["retries"] >= 10_000
    assert stream["pool"] == "spark_stream"


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_wiring_only(path: Path) -> None:
    """At the top level a DAG file imports Airflow and plugins; the rooms are imported inside the tasks."""
    for node in ast.parse(path.read_text()).body:
        modules = {
            ast.ImportFrom: lambda node: [node.module or ""],
            ast.Import: lambda node: [alias.name for alias in node.names],
        }.get(type(node), lambda node: [])(node)
        for module in modules:
            root = module.split(".")[0]
            assert root in {"airflow", "typing", "datetime", "dataclasses"} or root.startswith("market_"), module
