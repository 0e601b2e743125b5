"""The worker's process and its requirements stay slim."""

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions, version

import pytest

from market.settings import ROOT

ROOM = ROOT / "inference"
HEAVY = {
    "torch", "pandas", "pyspark", "airflow", "mlflow", "sklearn", "onnx", "sqlalchemy", "exchange_calendars", "yoyo",
    "market.calendars", "market.fx_calendar", "jobs", "training",
}  # fmt: skip


@pytest.mark.parametrize("module", ["inference.worker", "inference.handler"])
def test_nothing_heavy_is_imported(module):
    code = f"import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(answer.stdout))
    assert "onnxruntime" in loaded
    assert not loaded & HEAVY


def pins():
    lines = (ROOM / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_requirements_are_pinned_to_what_the_tests_ran_with():
    assert {name: version(name) for name in pins()} == pins()


def test_requirements_hold_every_package_imported_and_no_other():
    """Over inference and the modules of market that it loads; names of packages, not of modules."""
    used = {"pydantic-settings"}  # market.settings
    packages = packages_distributions()
    files = [*ROOM.glob("*.py"), *(ROOT / "market" / f"{name}.py" for name in ("messages", "kafka_clients"))]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names | {"inference", "market"}:
                    used.add(packages[top][0])
    assert {re.sub("[_.]", "-", name).lower() for name in used} == {name.lower() for name in pins()}


def test_help_needs_no_settings():
    answer = subprocess.run(
        [sys.executable, "-m", "inference.worker", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={},
    )
    assert "MARKET_MARIADB__PASSWORDS__WORKER" in answer.stdout
