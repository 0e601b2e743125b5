"""The end of a command: an error that a person may read is one line, and a reader that goes away, as `| head` does, is
no error at all."""

import os
import re
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pymysql
from confluent_kafka import KafkaException

from market.errors import MarketError
from market.settings import SettingsError, get_settings

FAILED = 1
ACCESS_DENIED = re.compile(r"Access denied for user '(\w+)'")
READER_GONE = 128 + signal.SIGPIPE
"""The exit status by which a shell tells that a command's reader went away; what the command did may be half done."""


def run_command(main: Callable[[], int | None], name: str = "") -> int:
    """The exit status of `main`, its output written to the end; READER_GONE when nobody reads on.

    FAILED, with `name failed: why` on stderr, for the errors that say what to do; any other one is a fault of ours and
    is raised. `name` is by default what stood after `python -m`.
    """
    try:
        status = main()
        if sys.stdout is not None:  # closed by whoever called, as `>&-` does
            sys.stdout.flush()
    except BrokenPipeError:
        gone = [stream.fileno() for stream in (sys.stdout, sys.stderr) if _is_unread(stream.fileno())]
        if not gone:  # another pipe, or a server's connection
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in gone:  # what is still held back is written at the interpreter's end
            os.dup2(nowhere, descriptor)
        return READER_GONE
    except Exception as error:
        reason = explained(error)
        if reason is None:
            raise
        sys.stderr.write(f"{name or _module()} failed: {reason}\n")
        return FAILED
    return status or 0


def explained(error: Exception) -> str | None:
    """What is wrong and where, None for an error that was not foreseen."""
    cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's
    if isinstance(cause, MarketError | SettingsError):
        return str(cause)
    if isinstance(cause, KafkaException):
        return f"Kafka at {get_settings().kafka.bootstrap}: {cause.args[0].str()}"
    if isinstance(cause, pymysql.err.MySQLError):
        return _of_mariadb(cause)
    return None


def _of_mariadb(error: pymysql.err.MySQLError) -> str:
    mariadb = get_settings().mariadb
    text = f"MariaDB at {mariadb.host}:{mariadb.port}: {error.args[-1] if error.args else error!r}"
    if denied := ACCESS_DENIED.search(text):
        component = denied[1].removeprefix(mariadb.user_prefix).upper()
        text += f"; its password is MARKET_MARIADB__PASSWORDS__{component}"
    return text


def _module() -> str:
    """The command as it was called, without `python -m`."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name.removesuffix(".__main__") if spec else Path(sys.argv[0]).name


def _is_unread(descriptor: int) -> bool:
    """Whether it is a pipe that nobody can read from any more."""
    pipe = select.poll()
    pipe.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in pipe.poll(0))
