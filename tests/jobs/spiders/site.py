"""A web site on the loopback: pages by path, and answers that go wrong."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass
class Answer:
    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0


@dataclass
class Site:
    """`asked` lists (path, user agent) of every request, `headers` all of them, `forms` the fields of each POST."""

    url: str
    pages: dict[str, Answer]
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    forms: list[list[tuple[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def site(**pages: Answer | str) -> Iterator[Site]:
    """Serves the pages; a name is a path with "/" in front, `robots` is /robots.txt and `everything` any other path.

    A POST to a path that is there as "PATH#N" is answered by it when the form's limit_from is N.
    """
    known = {name: page if isinstance(page, Answer) else Answer(page) for name, page in pages.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.path, self.headers.get("User-Agent", "")))
            served.headers.append(dict(self.headers))
            name = "robots" if self.path == "/robots.txt" else self.path
            missing = Answer("", 404) if name == "robots" else known.get("everything", Answer("no such page", 404))
            self._send(known.get(name, missing))

        def do_POST(self) -> None:
            served.asked.append((self.path, self.headers.get("User-Agent", "")))
            served.headers.append(dict(self.headers))
            form = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode())
            served.forms.append([*form, ("X-Requested-With", self.headers.get("X-Requested-With", ""))])
            place = f"{self.path}#{dict(form).get('limit_from')}"
            self._send(known.get(place, known.get(self.path, Answer("no such page", 404))))

        def _send(self, answer: Answer) -> None:
            time.sleep(answer.after_s)
            if answer.status == 200 and self.headers.get("If-None-Match", "") == answer.headers.get("ETag"):
                self.send_response(304)
                self.end_headers()
                return
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), **answer.headers}
            try:
                self.send_response(answer.status)
                for header, value in headers.items():
                    self.send_header(header, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the spider's patience was shorter: that is what the test wants
                pass

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Site(f"http://127.0.0.1:{server.server_port}", known)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
