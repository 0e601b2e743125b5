"""What an import made of somebody's files, and how it becomes a recording's folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jobs.recording_facts import RecordingFacts
from jobs.recording_folder import drafted, write_csv
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
            write_csv(draft / "bars.csv", FILES["bars"][0], self.bars)
            if self.book:
                levels = (len(self.book[0]) - 2) // len(BOOK_CELLS)
                write_csv(draft / "book.csv", ("symbol", "snapshot_at", *book_columns(levels)), self.book)
            (draft / "recording.toml").write_text(self.facts.to_toml(), encoding="utf-8")


def book_columns(levels: int) -> Cells:
    return tuple(f"{cell}_{level}" for level in range(levels) for cell in BOOK_CELLS)
