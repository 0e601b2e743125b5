"""Which model predicts: the champion of the worker's symbol set, looked up between messages and switched whole."""

import time
from collections.abc import Callable

import structlog

from inference.errors import ModelRefused, NoChampion
from inference.monitor import ModelInfo, Monitor
from inference.predictor import Predictor
from inference.store import Database, champion_identity, load_model
from market.features import catalogue

LOOK_EVERY_S = 1.0

log = structlog.get_logger()


class Champion:
    """The model in use. `look` follows the `model` table; `predictor` is what the next batch is predicted with.

    A champion that cannot be used (ModelRefused) is reported once and the model in use stays: a bad promotion must not
    stop predictions. Without any champion in the table there is no model: somebody took it away on purpose.
    """

    def __init__(
        self, symbol_set: str, database: Database, monitor: Monitor, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._symbol_set = symbol_set
        self._database = database
        self._monitor = monitor
        self._clock = clock
        self._looked_at: float | None = None
        self._seen: tuple[str, str] | None = None  # identity of the last champion looked at, loaded or refused
        self._reported_absent = False
        self._predictor: Predictor | None = None

    @property
    def is_there(self) -> bool:
        return self._predictor is not None

    @property
    def predictor(self) -> Predictor:
        """Raises NoChampion."""
        if self._predictor is None:
            raise NoChampion(f"symbol set {self._symbol_set} has no usable champion in model; train and promote one")
        return self._predictor

    def look(self) -> None:
        """At most once a second: one small query, and the model's bytes only when the champion is another one."""
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY_S:
            return
        with self._database.transaction() as cursor:
            identity = champion_identity(cursor, self._symbol_set)
            row = load_model(cursor, identity[0]) if identity and identity != self._seen else None
        self._looked_at = now
        if identity is None:
            self._forget()
        elif row is not None:
            self._seen, self._reported_absent = identity, False
            try:
                self._use(Predictor(row, catalogue()))
            except ModelRefused as refusal:
                self._monitor.model_refused()
                kept = self._predictor.version if self._predictor else None
                log.error("model_refused", detail=str(refusal), model_kept=kept)

    def _use(self, predictor: Predictor) -> None:
        before = self._predictor.version if self._predictor else None
        self._predictor = predictor
        self._monitor.model_loaded(ModelInfo(predictor.version, predictor.feature_hash, predictor.sha256))
        log.info("model_loaded", version=predictor.version, before=before, feature_hash=predictor.feature_hash)

    def _forget(self) -> None:
        if not self._reported_absent:
            log.warning("no_champion", symbol_set=self._symbol_set, detail="events wait until one is promoted")
        self._seen, self._predictor, self._reported_absent = None, None, True
        self._monitor.model_loaded(None)
