"""The MariaDB server from its Maven jar, on the loopback interface only, as root or as any other user."""

import os
import shutil

import pymysql

from local import jar_folders, secrets
from local.files import write_atomically
from local.layout import Layout, get_layout
from local.process import ProcessSpec, environment, run_once
from market.settings import get_settings

NAME = "mariadb"


def spec() -> ProcessSpec:
    layout = get_layout()
    return ProcessSpec(
        name=NAME,
        command=_command(layout),
        environment=environment(layout, NAME),
        healthy=lambda started: _answers(),
        prepare=lambda: _prepare(layout),
        level=0,
        stop_grace_s=20.0,
    )


def _command(layout: Layout) -> list[str]:
    home = jar_folders.mariadb_home()
    return [
        str(home / "bin" / "mariadbd"),
        "--no-defaults",  # a my.cnf of the machine must not change this server
        f"--basedir={home}",
        f"--datadir={layout.mariadb / 'data'}",
        f"--init-file={layout.mariadb / 'init.sql'}",
        f"--tmpdir={layout.mariadb / 'tmp'}",  # starting, a server empties a shared one of its neighbours' files
        "--bind-address=127.0.0.1",
        f"--port={get_settings().mariadb.port}",
        "--socket=mariadb.sock",  # relative to the data folder: a path of any length stays below the kernel's limit
        "--pid-file=mariadb.pid",
        "--skip-name-resolve",
        "--default-time-zone=+00:00",
        "--character-set-server=utf8mb4",
        "--local-infile=1",
        "--max-allowed-packet=64M",
        "--max-connections=100",
        "--innodb-buffer-pool-size=1G",
        "--innodb-log-file-size=512M",
        "--innodb-flush-log-at-trx-commit=1",
        "--tmp-table-size=64M",
        "--max-heap-table-size=64M",
        *_as_user(),
    ]


def _as_user() -> list[str]:
    return ["--user=root"] if os.getuid() == 0 else []  # the server refuses root unless told


def _prepare(layout: Layout) -> None:
    """Create the data folder once, beside its place, so that one that was cut off is never taken for a whole one."""
    write_atomically(layout.mariadb / "init.sql", _init_sql(), mode=0o600)
    (layout.mariadb / "tmp").mkdir(exist_ok=True)
    data = layout.mariadb / "data"
    if data.exists():
        return
    fresh = layout.mariadb / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    home = jar_folders.mariadb_home()
    options = [f"--basedir={home}", f"--datadir={fresh}", "--skip-test-db", *_as_user()]
    install = [str(home / "scripts" / "mariadb-install-db"), "--no-defaults", *options]
    # the server's own root account is reachable through the socket only, and nothing here needs it
    install += ["--auth-root-authentication-method=socket", "--auth-root-socket-user=root"]
    run_once(install, environment(layout, NAME), layout.log / "mariadb.log", "creating MariaDB's data folder")
    fresh.replace(data)


def _init_sql() -> str:
    """Run by the server itself at each start, so the administrator's password always is the one in secrets.env."""
    settings = get_settings().mariadb
    admin, database = f"`{settings.user_prefix}admin`@`%`", f"`{settings.database}`"
    siblings = f"`{settings.database}\\_%`"  # market_…: databases of trials and tests beside the real one
    password = secrets.load()[secrets.password_variable("admin")]
    statements = [
        f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4",
        f"CREATE USER IF NOT EXISTS {admin} IDENTIFIED BY '{password}'",
        f"ALTER USER {admin} IDENTIFIED BY '{password}'",
        f"GRANT CREATE USER, PROCESS ON *.* TO {admin} WITH GRANT OPTION",
        f"GRANT ALL PRIVILEGES ON {database}.* TO {admin} WITH GRANT OPTION",
        f"GRANT ALL PRIVILEGES ON {siblings}.* TO {admin} WITH GRANT OPTION",
    ]
    return "".join(f"{statement};\n" for statement in statements)  # the server wants one statement a line


def _answers() -> bool:
    """Logs in as the administrator: the init file has then run, and connections are let in."""
    settings = get_settings().mariadb
    password = secrets.load()[secrets.password_variable("admin")]
    try:
        connection = pymysql.connect(
            host="127.0.0.1",
            port=settings.port,
            user=f"{settings.user_prefix}admin",
            password=password,
            database=settings.database,
            connect_timeout=2,
            read_timeout=2,
            ssl_disabled=True,  # as market.database says of loopback
        )
    except pymysql.MySQLError:
        return False
    connection.close()
    return True
