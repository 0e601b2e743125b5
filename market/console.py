"""The end of a command whose output somebody reads in part, as `| head` does: quiet, like that of other Unix tools."""

import os
import select
import signal
import sys
from collections.abc import Callable

READER_GONE = 128 + signal.SIGPIPE
"""The exit status by which a shell tells that a command's reader went away; what the command did may be half done."""


def run_command(main: Callable[[], int | None]) -> int:
    """The exit status of `main`, its output written to the end; READER_GONE when nobody reads on."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        gone = [stream.fileno() for stream in (sys.stdout, sys.stderr) if _is_unread(stream.fileno())]
        if not gone:  # another pipe, or a server's connection
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in gone:  # what is still held back is written at the interpreter's end
            os.dup2(nowhere, descriptor)
        return READER_GONE
    return status or 0


def _is_unread(descriptor: int) -> bool:
    """Whether it is a pipe that nobody can read from any more."""
    pipe = select.poll()
    pipe.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in pipe.poll(0))
