"""What becomes of a spider's messages, in this order: Validate, then Publish, or Print with --dry-run or --print."""

import sys
from datetime import UTC, datetime
from typing import Self

from confluent_kafka import KafkaException
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from jobs.spiders.spider import PageSpider, Run
from market.errors import MarketError, SourceError
from market.kafka_clients import ConfirmedPublisher, producer
from market.messages import Cot, DeadLetter, EconomicRelease, Sourced, Vix
from market.settings import get_settings

LONGEST_PAYLOAD = 300_000  # characters; in JSON they stay below Kafka's limit of 1 MB a message


class Pipeline:
    """One step; it writes what went wrong into the spider's run."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, PageSpider):
            raise TypeError(f"{crawler.spider!r} is no PageSpider")
        return cls(crawler.spider.run)


class Validate(Pipeline):
    """Lets a message pass when its times are in order and its key came once; else it is dropped, with a fault."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._seen: set[tuple[str, ...]] = set()

    def process_item(self, item: object) -> Sourced:
        if not isinstance(item, Vix | Cot | EconomicRelease):
            raise TypeError(f"{type(item).__name__} belongs to no topic of a spider")
        fault = _fault(item)
        key = (topic_of(item), key_of(item), item.source_time.isoformat(), getattr(item, "group", ""), _country(item))
        if fault is None and key in self._seen:
            fault = f"{' '.join(part for part in key if part)}: a second message of one key"
        self._seen.add(key)
        if fault is not None:
            self.run.faults.append((SourceError("implausible", item.source, fault), item.model_dump_json()))
            raise DropItem(fault)
        return item


class Print(Pipeline):
    """One JSON line a message on standard output."""

    def process_item(self, item: Sourced) -> Sourced:
        sys.stdout.write(item.model_dump_json() + "\n")
        self.run.sent += 1
        return item


class Publish(Pipeline):
    """Sends to the message's topic; closes only when Kafka has confirmed all, dead letters included."""

    def __init__(self, run: Run, publisher: ConfirmedPublisher | None = None) -> None:
        super().__init__(run)
        # librdkafka would log to standard error, whose one line is the failure; what it has to say is in `delivery`.
        self._publisher = publisher or ConfirmedPublisher(producer(log_level=0))

    def process_item(self, item: Sourced) -> Sourced:
        self._publisher.send(topic_of(item), key_of(item), item.to_bytes())
        self.run.sent += 1
        return item

    def close_spider(self) -> None:
        try:
            for error, payload in self.run.faults:
                if payload is not None:
                    letter = dead_letter(error, payload)
                    self._publisher.send(get_settings().topics.dead_letter, letter.source, letter.to_bytes())
            self._publisher.flush()
        except (MarketError, KafkaException) as error:
            self.run.delivery = str(error)


PRINTED = {Validate: 100, Print: 200}
LIVE = {Validate: 100, Publish: 200}


def topic_of(message: Sourced) -> str:
    topics = get_settings().topics
    return {Vix: topics.vix, Cot: topics.cot, EconomicRelease: topics.ind}[type(message)]


def key_of(message: Sourced) -> str:
    """The key under which the topic keeps one series together, the same as a replay's."""
    if isinstance(message, Cot):
        return message.contract
    return message.event if isinstance(message, EconomicRelease) else "VIX"


def dead_letter(error: SourceError, payload: str) -> DeadLetter:
    """The page, or its beginning when it is longer than a message may be, with the reason."""
    reason = f"{error.kind}: {error.detail}"
    return DeadLetter(
        source=error.source, reason=reason, payload=payload[:LONGEST_PAYLOAD], failed_at=datetime.now(UTC)
    )


def _country(message: Sourced) -> str:
    return message.country if isinstance(message, EconomicRelease) else ""


def _fault(message: Sourced) -> str | None:
    as_of = message.as_of if isinstance(message, Vix | Cot) else None
    if as_of is not None and as_of > message.known_at:
        return f"as_of {as_of} lies after known_at {message.known_at}"
    if message.known_at > message.received_at:
        return f"known_at {message.known_at} lies after received_at {message.received_at}"
    return None
