"""Errors that a person may read: each says what is wrong, where, and what to do next."""


class MarketError(Exception):
    """Base of the errors this project raises on purpose."""


class StackNotReady(MarketError):
    """A service this process needs does not answer."""
