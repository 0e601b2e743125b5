"""The serverless entry: AWS Lambda's Kafka trigger (or anything that posts its event shape) instead of the loop.

The same Processor as the worker's, kept warm between invocations. Kafka's offsets are the trigger's business: it
commits them when `handle` returns and redelivers the batch when `handle` raises.

    {"records": {"predict_timestamp-0": [{"topic": …, "partition": 0, "offset": 15, "value": "<base64>"}]}}
"""

import base64
import binascii
from collections.abc import Iterator
from functools import cache
from typing import Any

import pymysql
import structlog
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from inference.champion import Champion
from inference.logs import configure_logging
from inference.monitor import Monitor
from inference.processing import Processor, Record
from inference.store import Database
from market.settings import get_settings

log = structlog.get_logger()


class Service:
    """What one warm instance keeps: the connection, the model, the windows."""

    def __init__(self) -> None:
        settings = get_settings()
        database, monitor = Database(), Monitor()
        self._champion = Champion(settings.worker.symbol_set, database, monitor)
        self._processor = Processor(settings.topics, database, self._champion, monitor)

    @retry(retry=retry_if_exception_type(pymysql.MySQLError), stop=stop_after_attempt(2), reraise=True)
    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Tries twice: an instance that was frozen for long wakes with a connection that MariaDB has closed."""
        self._champion.look()
        outcome = self._processor.process(list(records_of(event)))
        return {"predicted": outcome.predicted, "repeated": outcome.repeated, "refused": dict(outcome.refused)}


@cache
def _service() -> Service:
    configure_logging()
    return Service()


def handle(event: dict[str, Any], context: object = None) -> dict[str, Any]:
    """Counts of rows written, events repeated and events refused by reason.

    Raises NoChampion, pymysql.MySQLError or DeliveryFailed when the batch must be redelivered.
    """
    return _service().handle(event)


def records_of(event: dict[str, Any]) -> Iterator[Record]:
    """The trigger's records, in each partition's order; a value that is no base64 goes on as it is, to be refused."""
    for records in event["records"].values():
        for record in records:
            yield Record(record["topic"], record["partition"], record["offset"], _decoded(record.get("value")))


def _decoded(value: str | None) -> bytes | None:
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return value.encode()
