"""`python -m benchmarks`: every benchmark in turn, a JSON line each."""

import subprocess
import sys
from pathlib import Path

from market.settings import ROOT


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    """Exit status 1 when one of them failed; the others still run."""
    failed = False
    for name in names():
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        failed |= run.returncode != 0
        print(run.stdout.strip().splitlines()[-1] if run.stdout.strip() else f"{name} printed nothing", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
