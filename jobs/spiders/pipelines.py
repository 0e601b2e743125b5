"""What becomes of a spider's messages, in this order: Validate, then Publish, or Print with --dry-run or --print."""

import sys
from datetime import UTC, datetime
from typing import Self

from confluent_kafka import KafkaException
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from jobs.feeds.known_times import with_known_times, write_down
from jobs.feeds.refused import refusal_letter
from jobs.feeds.state import feed_state
from jobs.spiders.spider import PageSpider, Run
from market.addresses import address
from market.errors import MarketError, SourceError
from market.kafka_clients import ConfirmedPublisher
from market.messages import Cot, EconomicRelease, Message, Sourced, Vix
from market.settings import get_settings


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
        place = address(item, get_settings().topics)
        key = (*place, item.source_time.isoformat(), getattr(item, "group", ""), _country(item))
        if fault is None and key in self._seen:
            fault = f"{' '.join(part for part in key if part)}: a second message of one key"
        self._seen.add(key)
        if fault is not None:
            self.run.faults.append((SourceError("implausible", item.source, fault), item.model_dump_json()))
            raise DropItem(fault)
        return item


class Print(Pipeline):
    """One JSON line a message on standard output, and one a dead letter on standard error."""

    def process_item(self, item: Sourced) -> Sourced:
        sys.stdout.write(item.model_dump_json() + "\n")
        self.run.sent += 1
        return item

    def close_spider(self) -> None:
        for letter in self.run.letters:
            sys.stderr.write(letter.model_dump_json() + "\n")


class Publish(Pipeline):
    """Sends to the message's topic; closes only when Kafka has confirmed all, dead letters included."""

    def __init__(self, run: Run, publisher: ConfirmedPublisher | None = None) -> None:
        super().__init__(run)
        self._publisher = publisher or ConfirmedPublisher()
        self._published: list[Sourced] = []

    def process_item(self, item: Sourced) -> Sourced:
        for timed in with_known_times([item], feed_state()):
            self._send(timed)
        self._published.append(item)
        self.run.sent += 1
        return item

    def close_spider(self) -> None:
        try:
            with self._publisher:
                for error, payload in self.run.faults:
                    if payload is not None:
                        self._send(refusal_letter(error, payload.encode(), datetime.now(UTC), None))
                for letter in self.run.letters:
                    self._send(letter)
                self._publisher.flush()
                write_down(self._published, feed_state())
        except (MarketError, KafkaException) as error:
            self.run.delivery = str(error)

    def _send(self, message: Message) -> None:
        topic, key = address(message, get_settings().topics)
        self._publisher.send(topic, key, message.to_bytes())


PRINTED = {Validate: 100, Print: 200}
LIVE = {Validate: 100, Publish: 200}


def _country(message: Sourced) -> str:
    return message.country if isinstance(message, EconomicRelease) else ""


def _fault(message: Sourced) -> str | None:
    as_of = message.as_of if isinstance(message, Vix | Cot) else None
    if as_of is not None and as_of > message.known_at:
        return f"as_of {as_of} lies after known_at {message.known_at}"
    if message.known_at > message.received_at and not isinstance(message, Cot):  # a report's is its schedule's
        return f"known_at {message.known_at} lies after received_at {message.received_at}"
    return None
