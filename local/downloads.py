"""Fetch jars into the shared cache: parallel, resumable, and never used before their checksum is right."""

import hashlib
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryError, retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from tqdm import tqdm

from local import maven
from local.errors import DownloadError
from local.files import exclusive
from local.jar_lock import Jar
from local.layout import cache_folder

PARALLEL = 6
ATTEMPTS = 6
TIMEOUT_S = (10, 60)  # to connect, and between two blocks
BLOCK = 1 << 18
_TEMPORARY_STATUS = {408, 425, 429, 500, 502, 503, 504}

Progress = Callable[[int], object]


class _TransientError(Exception):
    """Worth another attempt: the connection broke, or the server is busy."""


def fetch(jars: Sequence[Jar], base: str | None = None, cache: Path | None = None) -> list[Path]:
    """The verified files of `jars`, in their order; what the cache lacks is downloaded first, with a progress bar.

    `base` is a Maven repository's address ending in a slash, `cache` a folder (default: the account's cache).
    Raises DownloadError naming the jar and what to do.
    """
    cache = cache or cache_folder() / "jars"
    with exclusive(cache / ".lock"):
        missing = [jar for jar in jars if not _is_verified(cache / jar.file_name, jar)]
        if missing:
            _download_all(missing, base or maven.base_address(), cache)
    return [cache / jar.file_name for jar in jars]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_verified(path: Path, jar: Jar) -> bool:
    return path.exists() and path.stat().st_size == jar.size and sha256_of(path) == jar.sha256


def _download_all(jars: Sequence[Jar], base: str, cache: Path) -> None:
    seldom = 0.1 if sys.stderr.isatty() else 10.0  # a log file needs no bar that moves ten times a second
    total = sum(jar.size for jar in jars)
    with (
        requests.Session() as session,
        tqdm(total=total, unit="B", unit_scale=True, desc=f"{len(jars)} jars", mininterval=seldom) as bar,
        ThreadPoolExecutor(PARALLEL) as pool,
    ):
        session.mount(base, HTTPAdapter(pool_maxsize=PARALLEL))
        tasks = [pool.submit(_download, session, jar, base, cache, bar.update) for jar in jars]
        try:
            for task in tasks:
                task.result()
        finally:
            for task in tasks:
                task.cancel()


def _download(session: requests.Session, jar: Jar, base: str, cache: Path, progress: Progress) -> None:
    part = cache / f"{jar.file_name}.part"
    resumed = part.exists()
    try:
        _fill(session, base + jar.path, part, jar, progress)
        if resumed and not _is_verified(part, jar):
            part.unlink()  # the leftover of an older attempt was bad: once more, from the first byte
            progress(-jar.size)
            _fill(session, base + jar.path, part, jar, progress)
    except RetryError as error:
        cause = error.last_attempt.exception()
        raise DownloadError(
            f"{jar.coordinates} did not arrive in {ATTEMPTS} attempts ({cause}). Check the network or the proxy "
            f"variables and run the command again, it resumes; {maven.VARIABLE} names another Maven repository."
        ) from None
    if not _is_verified(part, jar):
        found = sha256_of(part)
        part.unlink()
        raise DownloadError(
            f"{jar.coordinates} from {base} has SHA-256 {found[:16]}…, jars.lock expects {jar.sha256[:16]}…: refused "
            f"and removed. Try again; if it persists, set {maven.VARIABLE} to a repository that you trust."
        )
    part.replace(cache / jar.file_name)


@retry(
    retry=retry_if_exception_type(_TransientError),
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_exponential_jitter(initial=0.2, max=10),
)
def _fill(session: requests.Session, address: str, part: Path, jar: Jar, progress: Progress) -> None:
    """Bring `part` to the jar's full size, going on after the bytes that it already holds."""
    have = part.stat().st_size if part.exists() else 0
    if have >= jar.size:
        progress(jar.size)
        return
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    try:
        with session.get(address, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                part.unlink(missing_ok=True)  # the server's file is shorter than what is here: begin anew
                raise _TransientError("HTTP 416")
            _check_status(response, jar)
            resumes = response.status_code == requests.codes.partial_content
            received = have if resumes else 0
            progress(received)
            with part.open("ab" if resumes else "wb") as file:
                for block in response.iter_content(BLOCK):
                    file.write(block)
                    received += len(block)
                    progress(len(block))
        if received < jar.size:
            progress(-received)
            raise _TransientError(f"only {received} of {jar.size} bytes")
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _TransientError(str(error)) from error


def _check_status(response: requests.Response, jar: Jar) -> None:
    if response.status_code in _TEMPORARY_STATUS:
        raise _TransientError(f"HTTP {response.status_code}")
    if response.status_code >= 400:
        raise DownloadError(
            f"{jar.coordinates}: HTTP {response.status_code} from {response.url}. "
            f"Set {maven.VARIABLE} to a Maven repository that has it."
        )
