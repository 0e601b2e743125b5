"""The embedded stack: Kafka, MariaDB, Airflow and the inference worker as ordinary processes of one user."""

import sys

NEEDED_PYTHON = (3, 11)

if sys.version_info < NEEDED_PYTHON:  # here, because the modules below do not even import on an older one
    raise SystemExit(f"Python {sys.version.split()[0]} is too old: install Python 3.11 or newer.")
