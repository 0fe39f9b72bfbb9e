"""Run the group whose plan comes through a pipe: `python -m apps.core.supervisor FD`."""

from __future__ import annotations

import os
import sys

from apps.core.supervisor.group import Group
from apps.core.supervisor.output import Output
from apps.core.supervisor.plan import load


def main(argv: list[str]) -> int:
    """Read the plan from the descriptor named in the arguments and run it."""
    with os.fdopen(int(argv[1]), "rb") as pipe:
        plan = load(pipe.read())
    stream = sys.stdout.buffer
    output = Output(
        stream,
        names=tuple(program.name for program in plan.programs),
        colour=sys.stdout.isatty(),
        prefixed=plan.prefixed,
    )
    return Group(plan, output).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
