"""A pure check of a value against the one before it: jumps that cannot be."""

from jobs.feeds.feed import implausible


def ensure_no_jump(source: str, name: str, previous: float | None, value: float, ratio: float) -> None:
    """Raises SourceError implausible when `value` is more than `ratio` times `previous`, or less than its ratio-th."""
    if previous is not None and not previous / ratio <= value <= previous * ratio:
        raise implausible(source, name, value, f"more than a factor {ratio:g} from {previous!r} before it")
