"""Whether Kafka still has the records that the checkpoint comes to next.

After a pause longer than the topics keep their records, the stream would end at the first batch that asks for them,
with Spark's words, again at every start. This says before it what is lost, and what to do.
"""

import json
from pathlib import Path

from market.errors import MarketError
from market.kafka_clients import Offsets


class RecordsExpired(MarketError):
    """Kafka deleted records that the stream has not read."""


def ensure_nothing_expired(checkpoint: Path, first: Offsets) -> None:
    """Compares where the next batch begins with `first`, the oldest offset that each partition has.

    Raises RecordsExpired.
    """
    lost = [
        f"{topic}: {first[topic][partition] - next_} records (partition {partition}, offsets {next_} to "
        f"{first[topic][partition] - 1})"
        for topic, partitions in sorted(next_offsets(checkpoint).items())
        for partition, next_ in sorted(partitions.items())
        if next_ < first.get(topic, {}).get(partition, 0)
    ]
    if lost:
        raise RecordsExpired(
            f"{', '.join(lost)} expired in Kafka before the stream read them; remove {checkpoint}: what Kafka still "
            "has is read again and no row changes, then publish again what the tables have not (jobs.replay of the "
            "recording, or of the raw payloads of that time)"
        )


def next_offsets(checkpoint: Path) -> Offsets:
    """Where the next batch begins: the end of the last one that Spark noted as done. Empty before the first.

    A file that Spark itself cannot read is none of this one's business.
    """
    done = [int(file.name) for file in (checkpoint / "commits").glob("[0-9]*") if file.name.isdigit()]
    if not done:
        return {}
    try:
        *_, offsets = (checkpoint / "offsets" / str(max(done))).read_text().splitlines()
        found = json.loads(offsets)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
