"""Where the jars come from: the base address of a Maven repository."""

import importlib.util
import os
import re
import zipfile
from pathlib import Path

from local.errors import DownloadError

VARIABLE = "MAVEN_REPOSITORY"
_RESOLVER = "org/apache/ivy/plugins/resolver/IBiblioResolver.class"
_DEFAULT_ROOT = re.compile(rb"https://[!-~]+/maven2/")


def base_address() -> str:
    """The repository's address, ending in a slash: $MAVEN_REPOSITORY, else the default of the Ivy that pyspark carries.

    Reading it from Ivy means that Spark's own `--packages` and this download use one repository.
    """
    configured = os.environ.get(VARIABLE)
    return configured.rstrip("/") + "/" if configured else _ivy_default()


def _ivy_default() -> str:
    jar = next(iter(sorted(_pyspark_jars().glob("ivy-*.jar"))), None)
    if jar is None:
        raise DownloadError(f"pyspark carries no Ivy here; set {VARIABLE} to the address of a Maven repository")
    with zipfile.ZipFile(jar) as archive:
        found = _DEFAULT_ROOT.search(archive.read(_RESOLVER))
    if found is None:
        raise DownloadError(f"{jar.name} names no repository; set {VARIABLE} to the address of a Maven repository")
    return found.group().decode()


def _pyspark_jars() -> Path:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise DownloadError("pyspark is not installed: run `make run`, which installs it, or set " + VARIABLE)
    return Path(spec.origin).parent / "jars"
