"""The text in one of the CFTC's zip files, of years with all contracts, as far as one contract is told in it.

The archive of 2006 to 2016 holds more than a hundred megabytes of commodities: it is read line by line, and of a text
with a header only the header and the lines that have the contract's code somewhere are kept.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import IO

from jobs.feeds.feed import Payload
from jobs.zip_files import BROKEN, files_in
from market.errors import SourceError

UNZIPPED_LIMIT = 512 * 1024 * 1024
KEPT_LIMIT = 64 * 1024 * 1024
LONGEST_LINE = 64 * 1024  # one has some 2,000
HEADER = b"MARKET_AND_EXCHANGE_NAMES"


def unzipped(source: str, payload: Payload, contract: str) -> Payload:
    """The payload itself when it is no zip file. Raises SourceError schema_changed."""
    if not payload.body.startswith(b"PK"):
        return payload
    try:
        with zipfile.ZipFile(io.BytesIO(payload.body)) as archive:
            member = _text_of(files_in(archive))
            if member.file_size > UNZIPPED_LIMIT:
                raise ValueError("too large")
            with archive.open(member) as text:
                body = _of_contract(text, contract.lstrip("0").upper().encode())
    except (*BROKEN, IndexError):
        raise SourceError("schema_changed", source, "the zip file is broken, empty or too large") from None
    return Payload(body, payload.received_at)


def _of_contract(text: IO[bytes], code: bytes) -> bytes:
    """To the end, where the text's checksum is compared. Raises ValueError."""
    lines = _lines(text)
    first = next(lines, b"")
    every = HEADER not in first.upper()  # without a header the rows prove each other's columns
    kept, size = [first], len(first)
    for line in lines:
        if every or code in line.upper():
            kept.append(line)
            size += len(line)
            if size > KEPT_LIMIT:
                raise ValueError("too large")
    return b"".join(kept)


def _lines(text: IO[bytes]) -> Iterator[bytes]:
    """Raises ValueError for a line longer than any of the CFTC's: of a bomb it may be the only one."""
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise ValueError("a line too long")
        yield line


def _text_of(files: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The one that is a text by its name, else the first. Raises IndexError when there is none."""
    return next((each for each in files if each.filename.lower().endswith((".txt", ".csv"))), files[0])
