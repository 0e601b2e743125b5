"""What others' zip files have in common: which of their members are their maker's, and what a broken one raises."""

import lzma
import zipfile
import zlib

# RuntimeError: a password is missing, or a compression is not known. ValueError: the text is in no such encoding.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError)


def files_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Its files, without what systems hide among them."""
    return [each for each in archive.infolist() if not each.is_dir() and not _is_hidden(each.filename)]


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.split("/"))
