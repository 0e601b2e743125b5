"""What else a bar states tells whether its volume is where it is read.

Kraken states the average price and, as Hyperliquid does, the number of trades, others the volume in the quote currency
too. Where columns or names have changed places, an amount of money would pass for the volume in the base currency.
"""

from typing import Any

from jobs.feeds.ccxt_tables import Key, Record, cell_of, exact
from jobs.feeds.feed import implausible
from market.errors import SourceError

AVERAGE = 5  # place in Kraken's rows
TRADES: dict[str, Key] = {"kraken": 7, "hyperliquid": "n"}  # the place or name of the number of trades
IN_QUOTE: dict[str, Key] = {  # the place or name of the volume in the quote currency
    **dict.fromkeys(("binance", "binanceus", "okx", "myokx", "okxus", "mexc", "bitget"), 7),  # Bitget's 6 is in USDT
    **dict.fromkeys(("tokocrypto", "aster", "coinsph", "hashkey", "toobit", "foxbit"), 7),
    **dict.fromkeys(("kucoin", "bybit", "bybiteu", "bybitid", "p2b", "deepcoin"), 6),
    **dict.fromkeys(("gate", "gateeu"), 1),
    **dict.fromkeys(("upbit", "bithumb"), "candle_acc_trade_price"),
    **dict.fromkeys(("hitbtc", "bequant", "fmfwio"), "volume_quote"),
    **dict.fromkeys(("htx", "bittrade"), "vol"),
    "bingx": 7, "whitebit": 6, "poloniex": 4, "phemex": 8,
    "xt": "v", "woo": "amount", "backpack": "quoteVolume", "derive": "volume_usd", "deribit": "cost", "bitrue": "a",
    "lighter": "V", "onetrading": "volume",
}  # fmt: skip
MONEY_ALONE = ("btse",)  # whose bars state the volume in the quote currency, and no other
# Loose, as it is meant for columns that have changed places and for a lost decimal point, which are off by more, and
# not for the rounding of each number by itself.
SLACK_AVERAGE, SLACK_QUOTE = 1.05, 2.0
SMALLEST_QUOTE = 1e-5  # what is traded for less is mostly rounding


def ensure_told(source: str, exchange: str) -> None:
    """Raises SourceError bad_request where no bar tells the volume in the base currency."""
    if exchange in MONEY_ALONE:
        raise SourceError("bad_request", source, "the exchange's bars tell the volume in the quote currency alone")


def ensure_volume(source: str, exchange: str, record: Record, row: list[Any]) -> None:
    """`row` is ccxt's reading of the record. Raises SourceError schema_changed or implausible."""
    if not row[5]:
        return
    _, _, high, low, _, volume = row[:6]
    if exchange in TRADES:
        trades = cell_of(record, TRADES[exchange])
        if isinstance(trades, bool) or not isinstance(trades, int):
            detail = f"the number of trades is {trades!r:.40}: have columns changed places?"
            raise SourceError("schema_changed", source, detail)
    if exchange == "kraken" and isinstance(record, list):
        _ensure_price(source, "average price", exact(record[AVERAGE]), (low, high), SLACK_AVERAGE)
    place = IN_QUOTE.get(exchange)
    in_quote = exact(cell_of(record, place)) if place is not None else None
    if in_quote is not None and in_quote > SMALLEST_QUOTE:
        name = "volume in the quote currency by that in the base"
        _ensure_price(source, name, in_quote / volume, (low, high), SLACK_QUOTE)


def _ensure_price(source: str, name: str, price: float | None, within: tuple[float, float], slack: float) -> None:
    """Nothing is said by a 0, which stands for no average or for a volume that is not told."""
    low, high = within
    if price and not low / slack <= price <= high * slack:
        raise implausible(source, name, price, f"outside {low:g} to {high:g}, the bar's low and high")
