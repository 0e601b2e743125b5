"""What the worker tells about itself: Prometheus metrics, and health as JSON, on one small HTTP port."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from market.errors import MarketError

STALLED_AFTER_S = 60.0  # the loop turns ten times a second; so long without a turn it hangs
LATENCY_BUCKETS_S = (0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class PortTaken(MarketError):
    """The metrics port cannot be opened; the message names the setting."""


@dataclass(frozen=True)
class LastPrediction:
    symbol: str
    bar_end: str
    model_version: str
    committed_at: str


@dataclass(frozen=True)
class ModelInfo:
    version: str
    feature_hash: str
    sha256: str


class Monitor:
    """Metrics and health of one worker. Written by its loop, read by the HTTP threads: plain attributes, each replaced
    whole."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._predictions = Counter("inference_predictions", "Rows written to prediction", registry=self.registry)
        self._repeated = Counter(
            "inference_repeated", "Redelivered events whose prediction existed already", registry=self.registry
        )
        self._refused = Counter(
            "inference_refused", "Events sent to the dead letter topic", ["reason"], registry=self.registry
        )
        self._refused_models = Counter(
            "inference_refused_models", "Champions that could not be loaded", registry=self.registry
        )
        self._retries = Counter("inference_retries", "Failed attempts", ["service"], registry=self.registry)
        self._latency = Histogram(
            "inference_latency_seconds", "From the readiness event's published_at to the prediction's commit",
            buckets=LATENCY_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self._champion = Info("inference_champion", "The model in use", registry=self.registry)
        self._last_bar_end = Gauge(
            "inference_last_bar_end_timestamp_seconds", "Newest bar_end predicted", registry=self.registry
        )
        self.model: ModelInfo | None = None
        self.last_prediction: LastPrediction | None = None
        self._lost: dict[str, str] = {"kafka": "not connected yet", "mariadb": "not connected yet"}
        self._newest_bar_end: datetime | None = None
        self._clock = clock
        self._last_turn = clock()

    def turned(self) -> None:
        """The loop is alive: it polled, or waits on purpose."""
        self._last_turn = self._clock()

    def lost(self, service: str, detail: str) -> None:
        self._lost = self._lost | {service: detail}
        self._retries.labels(service).inc()

    def reached(self, service: str) -> None:
        if service in self._lost:
            self._lost = {name: detail for name, detail in self._lost.items() if name != service}

    def is_lost(self, service: str) -> bool:
        return service in self._lost

    def model_loaded(self, model: ModelInfo | None) -> None:
        self.model = model
        self._champion.info(asdict(model) if model else {"version": ""})

    def model_refused(self) -> None:
        self._refused_models.inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def repeated(self) -> None:
        self._repeated.inc()

    def predicted(self, last: LastPrediction, bar_end: datetime, latency_s: float) -> None:
        self._predictions.inc()
        self._latency.observe(latency_s)
        self._newest_bar_end = max(self._newest_bar_end or bar_end, bar_end)
        self._last_bar_end.set(self._newest_bar_end.timestamp())
        self.last_prediction = last

    def health(self) -> tuple[bool, dict[str, Any]]:
        """(healthy, its JSON): unhealthy without MariaDB, Kafka or a model, or when the loop hangs."""
        faults = {f"{service} is lost": detail for service, detail in self._lost.items()}
        if self.model is None:
            faults["no model"] = "the symbol set has no usable champion"
        stalled_s = self._clock() - self._last_turn
        if stalled_s > STALLED_AFTER_S:
            faults["stalled"] = f"the loop has not turned for {stalled_s:.0f} s"
        body = {
            "status": "unhealthy" if faults else "ok",
            "model": asdict(self.model) if self.model else None,
            "last_prediction": asdict(self.last_prediction) if self.last_prediction else None,
            "faults": faults,
        }
        return not faults, body


def serve(monitor: Monitor, host: str, port: int) -> ThreadingHTTPServer:
    """Starts answering /metrics and /health in daemon threads. Raises PortTaken when the port cannot be opened."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(monitor.registry))
            elif self.path == "/health":
                healthy, body = monitor.health()
                self._answer(200 if healthy else 503, "application/json", json.dumps(body).encode() + b"\n")
            else:
                self._answer(404, "text/plain", b"/metrics or /health\n")

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # probes every few seconds are no news
            pass

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise PortTaken(
            f"cannot listen on {host}:{port} ({error.strerror}): set worker.metrics_port (MARKET_WORKER__METRICS_PORT) "
            "or worker.metrics_host to a free address"
        ) from None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
