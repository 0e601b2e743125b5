"""Airflow's plugins under test: its home is set before its first import, so that nobody's own is read or written."""

import os
import sys
import tempfile

from market.settings import ROOT

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")

# Airflow puts this folder on the path itself.
sys.path.insert(0, str(ROOT / "plugins"))
