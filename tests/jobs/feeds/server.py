"""A real HTTP server on a thread, whose answers a test writes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """`answers` are given in turn, the last one again and again; `asked` keeps path and headers of each request.

    `posted` keeps the body of each, None for a GET.
    """

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.posted: list[str | None] = []
        self.url = ""
        self._answers = list(answers)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append((handler.path, dict(handler.headers)))
        self.posted.append(posted_to(handler))
        place = min(len(self.asked), len(self._answers)) - 1
        self._answers[place](handler)


def posted_to(handler: BaseHTTPRequestHandler) -> str | None:
    """The body of the request that is being answered, None for a GET."""
    return getattr(handler, "posted", None)


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    server = Server(*answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            server.answer(self)

        def do_POST(self) -> None:
            self.posted = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 1024  # of those who knock at once; the default of 5 turns away the rest for seconds

        def handle_error(self, *_: object) -> None:  # a client that gave up is part of the tests
            pass

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
        threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server
        finally:  # a test that raises must not leave a thread that accepts on a closed, soon reused descriptor
            httpd.shutdown()


def body(content: bytes | str, content_type: str = "application/json", status: int = 200, **headers: str) -> Answer:
    """A whole answer; header names are written with underscores."""
    raw = content.encode() if isinstance(content, str) else content

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(raw)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(raw)

    return answer
