"""Exchanges that write prices and amounts as integers: here their bodies get the decimals that these mean.

The scales (decimal places) of a market are those of the exchange's own list. What is no integer stays as it is, and is
then none of the numbers that ccxt has read.
"""

from decimal import Decimal
from typing import Any

SCALED = ("phemex",)
SCALES = ("priceScale", "valueScale")  # entries of a market
LEVEL = ("priceScale", "valueScale")  # of the cells of a level
ROW = (None, None, *("priceScale",) * 5, *("valueScale",) * 2)
"""Time, length, close before, open, high, low, close, volume, volume in the quote currency."""


def unscaled(exchange: str, body: Any, market: dict[str, Any]) -> Any:
    """The body, with decimals in its levels or rows where the exchange's are integers."""
    if exchange not in SCALED or not isinstance(body, dict):
        return body
    result, data = body.get("result"), body.get("data")
    if isinstance(result, dict) and isinstance(result.get("book"), dict):
        book = {key: _lists(value, LEVEL, market) for key, value in result["book"].items()}
        return {**body, "result": {**result, "book": book}}
    if isinstance(data, dict):
        return {**body, "data": {key: _lists(value, ROW, market) for key, value in data.items()}}
    return body


def _lists(value: Any, scales: tuple[str | None, ...], market: dict[str, Any]) -> Any:
    return [_list(one, scales, market) for one in value] if isinstance(value, list) else value


def _list(cells: Any, scales: tuple[str | None, ...], market: dict[str, Any]) -> Any:
    if not isinstance(cells, list):
        return cells
    places = [market.get(scale) if scale else None for scale in scales]
    return [_decimal(cell, places[at] if at < len(places) else None) for at, cell in enumerate(cells)]


def _decimal(cell: Any, places: Any) -> Any:
    if not isinstance(cell, int) or isinstance(cell, bool) or not isinstance(places, int):
        return cell
    return float(Decimal(cell).scaleb(-places))
