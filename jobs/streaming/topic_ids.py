"""Whether Kafka's topics are still those of which the checkpoint holds offsets.

A topic that was deleted and made anew begins at offset 0 again. Spark notices while it has fewer records than before;
once it has more, all up to the checkpoint's offset would be passed over without a word.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from market.errors import MarketError

FILE = "topic_ids.json"  # in the checkpoint, so that it goes with it


class TopicsMadeAnew(MarketError):
    """The checkpoint's offsets are of topics that are no more."""


def ensure_same_topics(checkpoint: Path, ids: Mapping[str, str]) -> None:
    """Compares the topics' ids with those of the checkpoint's last start, then keeps them for the next one.

    Raises TopicsMadeAnew.
    """
    file = checkpoint / FILE
    before = json.loads(file.read_text()) if file.exists() else {}
    anew = sorted(topic for topic, id_ in ids.items() if before.get(topic, id_) != id_)
    if anew:
        raise TopicsMadeAnew(
            f"{', '.join(anew)}: made anew since the checkpoint was written, whose offsets would pass over the first "
            f"records; remove {checkpoint}: what Kafka has is read again and no row changes, then publish again what "
            "the old topic had and the tables have not"
        )
    checkpoint.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps({**before, **ids}))
    draft.replace(file)
