"""The Java that Kafka and Spark run on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from local.errors import StackError

NEEDED = 17
_ADVICE = f"install Java {NEEDED} or newer (Debian, Ubuntu: apt install openjdk-{NEEDED}-jre-headless) or set JAVA_HOME"


def executable() -> str:
    """JAVA_HOME's java, else the one on the PATH. Raises StackError when there is none."""
    home = os.environ.get("JAVA_HOME")
    inside = Path(home) / "bin" / "java" if home else None
    found = str(inside) if inside and os.access(inside, os.X_OK) else shutil.which("java")
    if found is None:
        raise StackError(f"Java is missing: {_ADVICE}.")
    return found


def check() -> None:
    """Raises StackError unless a Java that is new enough is present."""
    path = executable()
    printed = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', printed)
    if version is None or int(version.group(1)) < NEEDED:
        found = version.group(1) if version else "unreadable"
        raise StackError(f"Java at {path} is version {found}: {_ADVICE}.")
