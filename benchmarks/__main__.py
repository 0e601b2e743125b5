"""`python -m benchmarks [NAME …]`: these benchmarks in turn, all by default, a JSON line each."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from market.settings import ROOT


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 when one of them failed; the others still run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Benchmarks in turn, a JSON line each.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all, which are {', '.join(names())}")
    wanted = parser.parse_args(arguments).names or names()
    if unknown := [name for name in wanted if name not in names()]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(names())}")
    failed = False
    for name in wanted:
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        failed |= run.returncode != 0
        print(run.stdout.strip().splitlines()[-1] if run.stdout.strip() else f"{name} printed nothing", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
