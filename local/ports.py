"""Ports: whether one answers, whether one is free, and who holds it."""

import socket

import psutil


def accepts(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Whether something accepts TCP connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False


def is_free(port: int) -> bool:
    """Whether a server may bind the port on the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: ignore connections that linger
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listeners() -> list[tuple[str, int, int]]:
    """(address, port, pid) of all that listens; pid 0 where the system does not tell. Raises psutil.AccessDenied."""
    found = []
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            found.append((connection.laddr.ip, connection.laddr.port, connection.pid or 0))
    return found


def holder(port: int) -> str:
    """Who listens on the port, for a message: command and pid where the system tells."""
    try:
        pid = next((pid for _, listened, pid in listeners() if listened == port), 0)
        return f"{psutil.Process(pid).name()} (pid {pid})" if pid else "another user's process"
    except psutil.Error:
        return "a process that this account may not see"
