"""Run benchmarks one after another: `python -m tests.benchmarks [NAME...]`, all of them without names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every benchmark: a module here that can be run."""
    return sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if '__name__ == "__main__"' in path.read_text() and path.stem[0] != "_"
    )


def main() -> int:
    """Run those named, or all; 1 if one of them failed."""
    wanted = sys.argv[1:] or names()
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}")
        return 2
    failed = []
    for name in wanted:
        print(f"=== {name}", flush=True)
        if subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{name}", "--json"], cwd=FOLDER.parent.parent
        ).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all done")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
