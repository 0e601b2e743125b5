"""What can go wrong with the local stack; each message says what happened and what to do next."""


class StackError(RuntimeError):
    """The local stack cannot do what was asked; the message is meant for the person at the terminal."""


class SupervisorGoneError(StackError):
    """The supervisor died while its processes were waited for."""


class DownloadError(StackError):
    """A jar could not be fetched, or is not the file that jars.lock names."""


class PreparationError(StackError):
    """A process's first-time set-up failed; the message ends with the output of the failing command."""
