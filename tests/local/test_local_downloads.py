"""Downloads against a small repository on this machine: resumed, verified, refused."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local import downloads, maven
from local.errors import DownloadError, StackError
from local.jar_lock import Jar, read_lock

CONTENT = bytes(range(256)) * 400


@dataclass
class Repository:
    """What the server holds, how it misbehaves, and which ranges it was asked for."""

    content: bytes = CONTENT
    base: str = ""
    ranges: list[str | None] = field(default_factory=list)
    failures: int = 0
    cut_after: int | None = None


class Handler(BaseHTTPRequestHandler):
    repository: Repository

    def do_GET(self) -> None:
        repository, asked = self.repository, self.headers.get("Range")
        repository.ranges.append(asked)
        if repository.failures > 0:
            repository.failures -= 1
            self.send_error(503)
            return
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        body = repository.content[first:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if repository.cut_after is None else body[: repository.cut_after])
        repository.cut_after = None

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def repository() -> Iterator[Repository]:
    content = Repository()
    handler = type("BoundHandler", (Handler,), {"repository": content})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        content.base = f"http://127.0.0.1:{server.server_port}/"
        yield content
        server.shutdown()


@pytest.fixture
def jar() -> Jar:
    return Jar("kafka", "org.example", "thing", "1.0", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def part_of(jar: Jar, cache: Path, content: bytes) -> Path:
    part = cache / f"{jar.file_name}.part"
    part.write_bytes(content)
    return part


def test_a_partial_download_goes_on_where_it_stopped(repository: Repository, jar: Jar, tmp_path: Path) -> None:
    part = part_of(jar, tmp_path, CONTENT[:1000])
    [file] = downloads.fetch([jar], repository.base, tmp_path)
    assert file.read_bytes() == CONTENT
    assert repository.ranges == ["bytes=1000-"]
    assert not part.exists()


def test_a_connection_that_breaks_is_resumed(repository: Repository, jar: Jar, tmp_path: Path) -> None:
    repository.cut_after = 5000
    [file] = downloads.fetch([jar], repository.base, tmp_path)
    assert file.read_bytes() == CONTENT
    assert repository.ranges[0] is None and len(repository.ranges) == 2


def test_a_corrupted_partial_download_is_replaced(repository: Repository, jar: Jar, tmp_path: Path) -> None:
    part_of(jar, tmp_path, b"x" * 1000)
    [file] = downloads.fetch([jar], repository.base, tmp_path)
    assert file.read_bytes() == CONTENT
    assert repository.ranges == ["bytes=1000-", None]


def test_a_busy_server_is_asked_again(repository: Repository, jar: Jar, tmp_path: Path) -> None:
    repository.failures = 2
    assert downloads.fetch([jar], repository.base, tmp_path)[0].exists()


def test_a_file_with_another_checksum_is_refused(repository: Repository, jar: Jar, tmp_path: Path) -> None:
    repository.content = b"y" * len(CONTENT)
    with pytest.raises(DownloadError, match=r"org\.example:thing:1\.0.*SHA-256.*refused"):
        downloads.fetch([jar], repository.base, tmp_path)
    assert [path.name for path in tmp_path.glob("thing*")] == []


def test_a_damaged_file_in_the_cache_is_not_used(repository: Repository, jar: Jar, tmp_path: Path) -> None:
    (tmp_path / jar.file_name).write_bytes(b"z" * len(CONTENT))
    [file] = downloads.fetch([jar], repository.base, tmp_path)
    assert file.read_bytes() == CONTENT
    downloads.fetch([jar], "http://127.0.0.1:1/", tmp_path)  # now it comes from the cache: nobody is asked


def test_a_missing_jar_is_named(
    repository: Repository, jar: Jar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.send_error(404))
    with pytest.raises(DownloadError, match=r"org\.example:thing:1\.0: HTTP 404.*MAVEN_REPOSITORY"):
        downloads.fetch([jar], repository.base, tmp_path)


def test_the_repository_is_the_variable_or_what_ivy_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(maven.VARIABLE, raising=False)
    assert maven.base_address().startswith("https://") and maven.base_address().endswith("/maven2/")
    monkeypatch.setenv(maven.VARIABLE, "http://127.0.0.1:1/mirror")
    assert maven.base_address() == "http://127.0.0.1:1/mirror/"


def test_the_lock_names_each_file_once_and_reports_a_bad_line(tmp_path: Path) -> None:
    jars = read_lock()
    assert len({(jar.role, jar.artifact) for jar in jars}) == len(jars)
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)
    bad = tmp_path / "jars.lock"
    bad.write_text("# comment\nkafka org.example:thing:1.0 abc\n")
    with pytest.raises(StackError, match=r"jars\.lock:2"):
        read_lock(bad)
