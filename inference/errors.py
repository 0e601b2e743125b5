"""Why the worker refuses an event or a model. `reason` is the short name that the metric and the dead letter carry."""

from market.errors import MarketError


class EventRefused(MarketError):
    """One event cannot be predicted, now or on redelivery; it goes to `dead_letter` and the next one is handled."""

    reason = "refused"


class UnreadableEvent(EventRefused):
    """The record is not a readiness message."""

    reason = "unreadable"


class EventHashMismatch(EventRefused):
    """The event's feature row was made under another catalogue than this worker's model reads."""

    reason = "feature_hash_mismatch"

    def __init__(self, event_hash: str, catalogue_hash: str) -> None:
        super().__init__(
            f"the event's feature_hash is {event_hash}, this worker's catalogue and model have {catalogue_hash}; "
            "run the streaming job and the worker with the same feature settings, then replay this event"
        )


class FeatureRowMissing(EventRefused):
    """`feature` has no row at the event's own bar_end."""

    reason = "feature_row_missing"


class InsufficientHistory(EventRefused):
    """`feature` has fewer rows up to bar_end than the model's window."""

    reason = "insufficient_history"


class BadPrediction(EventRefused):
    """The model's output is no probability; such a number never reaches the table."""

    reason = "bad_prediction"


class ModelRefused(MarketError):
    """A model row that cannot be trusted or read; the worker keeps the model it has."""


class NoChampion(MarketError):
    """No model to predict with; events wait in Kafka until there is one."""
