"""What an import made of somebody's files, and how it becomes a recording's folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jobs.recording_facts import RecordingFacts
from jobs.recording_folder import drafted, write_csv
from jobs.recording_messages import BOOK_CELLS, FILES
from jobs.recording_rows import RecordingError

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """Rows as bars.csv and book.csv have them (times ISO 8601 in UTC), and recording.toml."""

    facts: RecordingFacts
    bars: Sequence[Cells]
    book: Sequence[Cells] = field(default=())

    def write(self, target: Path) -> None:
        """Writes the folder, whole or not at all. Raises RecordingError, OSError."""
        self._ensure_one_symbol()
        for name in ("book.csv", "book.parquet"):
            if not self.book and (target / name).exists():  # a replay would take it for this import's
                raise RecordingError(f"{target / name} is of before, and this import has no books: name another folder")
        with drafted(target) as draft:
            write_csv(draft / "bars.csv", FILES["bars"][0], self.bars)
            if self.book:
                levels = (len(self.book[0]) - 2) // len(BOOK_CELLS)
                write_csv(draft / "book.csv", ("symbol", "snapshot_at", *book_columns(levels)), self.book)
            (draft / "recording.toml").write_text(self.facts.to_toml(), encoding="utf-8")

    def _ensure_one_symbol(self) -> None:
        """The files' names need not tell whose they are, and each fills the minutes that the other lacks."""
        told: dict[str, Cells] = {}
        for symbol, end, *values in self.bars:
            if told.setdefault(end, tuple(values)) != tuple(values):
                raise RecordingError(f"{symbol} at {end}: two bars that differ; are the files of two symbols?")


def book_columns(levels: int) -> Cells:
    return tuple(f"{cell}_{level}" for level in range(levels) for cell in BOOK_CELLS)
