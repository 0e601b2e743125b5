"""From the verified cache to what the processes use: class-path folders under `var/jars`, an unpacked MariaDB."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from local import downloads
from local.files import exclusive
from local.jar_lock import Jar, Role, read_lock
from local.layout import cache_folder, get_layout
from market.settings import get_settings

_STAMP = ".complete"
_MARIADB_TREE = "/linux/"  # the jar wraps the distribution's tree in a package path that ends so


def ensure(roles: Iterable[Role]) -> None:
    """Make the jars of `roles` usable; quick when they are. Raises DownloadError."""
    wanted = set(roles)
    jars = [jar for jar in read_lock() if jar.role in wanted and not _is_ready(jar.role)]
    downloads.fetch(jars)  # all roles at once, so that one progress bar tells the whole wait
    for role in sorted({jar.role for jar in jars}):
        members = [jar for jar in jars if jar.role == role]
        files = downloads.fetch(members)
        if role == "mariadb":
            _unpack(files[0], mariadb_home())
        else:
            _link(files, class_path_folder(role), _digest(members))


def class_path_folder(role: Role) -> Path:
    """The folder whose jars make the class path of `role`."""
    return get_settings().stream.jars if role == "spark" else get_layout().jars / role


def mariadb_home() -> Path:
    """The unpacked MariaDB distribution (bin, scripts, share), kept in the cache: it is 360 MB."""
    jar = _members("mariadb")[0]
    return cache_folder() / f"mariadb-{jar.version}-{jar.sha256[:12]}"


def _members(role: Role) -> list[Jar]:
    return [jar for jar in read_lock() if jar.role == role]


def _digest(jars: Sequence[Jar]) -> str:
    return hashlib.sha256("".join(jar.sha256 for jar in jars).encode()).hexdigest()


def _is_ready(role: Role) -> bool:
    if role == "mariadb":
        return mariadb_home().exists()
    folder, jars = class_path_folder(role), _members(role)
    stamp = folder / _STAMP
    if not stamp.exists() or stamp.read_text() != _digest(jars):
        return False
    return all((folder / jar.file_name).exists() for jar in jars)


def _link(files: Sequence[Path], folder: Path, digest: str) -> None:
    """Fill `folder` beside its place, then move it in: a reader never meets half a class path."""
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for file in files:
        try:
            os.link(file, fresh / file.name)
        except OSError:  # the cache lies on another file system, or hard links are not allowed
            shutil.copyfile(file, fresh / file.name)
    (fresh / _STAMP).write_text(digest)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.replace(folder)


def _unpack(archive: Path, home: Path) -> None:
    with exclusive(home.with_name("mariadb.lock")):
        if home.exists():
            return
        fresh = home.with_name(f"{home.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)  # of an unpacking that was cut off
        with zipfile.ZipFile(archive) as jar:
            for entry in jar.infolist():
                _, wrapped, inside = entry.filename.partition(_MARIADB_TREE)
                if wrapped and inside and not entry.is_dir():
                    _extract(jar, entry, fresh / inside)
        fresh.replace(home)


def _extract(jar: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with jar.open(entry) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, downloads.BLOCK)
    if target.parent.name in ("bin", "scripts"):
        target.chmod(0o755)  # a jar does not keep the executable bit
