"""What an import made of somebody's files, and how it becomes a recording's folder."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jobs.recording_facts import RecordingFacts
from jobs.recording_folder import drafted
from jobs.recording_messages import BOOK_CELLS, FILES

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """Rows as bars.csv and book.csv have them (times ISO 8601 in UTC), and recording.toml."""

    facts: RecordingFacts
    bars: Sequence[Cells]
    book: Sequence[Cells] = field(default=())

    def write(self, target: Path) -> None:
        """Writes the folder, whole or not at all. Raises OSError."""
        with drafted(target) as draft:
            _write(draft / "bars.csv", FILES["bars"][0], self.bars)
            if self.book:
                levels = (len(self.book[0]) - 2) // len(BOOK_CELLS)
                _write(draft / "book.csv", ("symbol", "snapshot_at", *book_columns(levels)), self.book)
            (draft / "recording.toml").write_text(self.facts.to_toml(), encoding="utf-8")


def book_columns(levels: int) -> Cells:
    return tuple(f"{cell}_{level}" for level in range(levels) for cell in BOOK_CELLS)


def _write(path: Path, header: Sequence[str], rows: Iterable[Cells]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
