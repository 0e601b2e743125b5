"""The failure of a request, as the kinds of all sources name it (COMMANDS: auth, rate_limited, unavailable, …)."""

from datetime import datetime

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from jobs.feeds.status import fault_of_status, retry_after_s
from market.errors import SourceError

LONGEST_DETAIL = 300  # characters


def source_error(source: str, error: object, now: datetime) -> SourceError:
    """`now` (UTC) is what a Retry-After that names a date is counted from."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, HttpError):
        status, after_s = error.response.status, asked_to_wait_s(error.response, now)
        wait = "" if after_s is None else f", Retry-After {after_s:g} s"
        return SourceError(fault_of_status(status, after_s), source, f"HTTP {status}{wait}", after_s)
    if isinstance(error, IgnoreRequest):
        return SourceError("unavailable", source, f"{error}"[:LONGEST_DETAIL])
    return SourceError("unavailable", source, f"{type(error).__name__} {error}".splitlines()[0][:LONGEST_DETAIL])


def asked_to_wait_s(response: Response, now: datetime) -> float | None:
    """The seconds of the answer's Retry-After."""
    header = response.headers.get("Retry-After")
    return None if header is None else retry_after_s(header.decode("latin-1"), now)
