"""The server that a spider asks: the site itself, or another, whose address may hold a user and a password.

They go into a header: Scrapy does not take them in an address, and would show them in its log and its errors. What the
server repeats of the password, in a redirect for instance, is taken out too.
"""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from w3lib.http import basic_auth_header

from jobs.feeds.scrub import Scrubber, secrets_in


@dataclass(frozen=True)
class Server:
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    scrub: Scrubber = field(default_factory=Scrubber, repr=False)


def server_at(url: str) -> Server:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return Server(url)
    name, _, password = (unquote(part) for part in user.partition(":"))
    header = basic_auth_header(name, password, encoding="utf-8").decode()
    return Server(urlunsplit(parts._replace(netloc=host)), {"Authorization": header}, Scrubber(*secrets_in(url)))


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: to whom a request goes."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
