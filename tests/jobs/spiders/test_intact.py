"""A gzip body is looked through without being unpacked whole."""

import gzip
import tracemalloc

import pytest
from scrapy.http import Request, Response

from jobs.spiders.intact import Intact
from market.errors import SourceError

LIMIT = 32 * 2**20  # as of every other body


def test_a_bomb_is_refused_before_it_fills_the_memory() -> None:
    packed = gzip.compress(b" " * 8 * LIMIT, compresslevel=1)
    answer = Response("http://127.0.0.1/", body=packed, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="longer than") as refusal:
            Intact().process_response(Request("http://127.0.0.1/"), answer)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refusal.value.kind == "unavailable"
    assert most < 3 * LIMIT
