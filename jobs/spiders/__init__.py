"""Spiders: web pages turned into the messages of the topics `vix`, `cot` and `ind`.

One page is one parser (`vix.py`, `cot.py`, `economic.py`: text and clock in, messages out, no network) and one spider
(`cnbc_vix.py`, `tradingster_cot.py`, `investing_economic.py`: addresses and one hook). `python -m jobs.spiders NAME`.
`parse_raw` reads a page that was recorded, with the clock of its fetch.
"""

from jobs.spiders.raw_pages import parse_raw, parse_recorded

__all__ = ["parse_raw", "parse_recorded"]
