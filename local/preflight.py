"""What must be true before the stack can start; each failure is one sentence that says what to change."""

from collections.abc import Iterable

from local import java, kafka_broker
from local.catalogue import ports
from local.errors import StackError
from local.ports import holder, is_free
from market.settings import get_settings

_LOOPBACK = {"127.0.0.1", "localhost"}


def check(members: Iterable[str]) -> None:
    """Raises StackError when Java is missing or too old, an address is not local, or a port is taken."""
    members = list(members)
    if {"kafka", "airflow"} & set(members):
        java.check()
    _check_addresses(members)
    _check_ports(members)


def _check_addresses(members: Iterable[str]) -> None:
    hosts = {"kafka": (kafka_broker.address()[0], "MARKET_KAFKA__BOOTSTRAP")}
    hosts["mariadb"] = (get_settings().mariadb.host, "MARKET_MARIADB__HOST")
    for member in members:
        host, variable = hosts.get(member, ("127.0.0.1", ""))
        if host not in _LOOPBACK:
            raise StackError(f"{member} is set to {host}, but the local stack serves 127.0.0.1: change {variable}.")


def _check_ports(members: Iterable[str]) -> None:
    for member in members:
        for port, variable in ports(member):
            if not is_free(port):
                raise StackError(f"Port {port} for {member} is taken by {holder(port)}: end it, or set {variable}.")
