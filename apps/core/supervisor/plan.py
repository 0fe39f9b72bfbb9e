"""What a group consists of, and how the plan travels to the supervising process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Program:
    """One program of the group.

    Attributes:
        name: the prefix of its lines in the merged log.
        argv: the command, without a shell.
        env: variables added to the group's own.
        once: it ends by itself and is not started again.
        after_ready: it starts when the site answers, not before.
        after_file: it starts once this file exists; empty: it does not wait for any.
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    once: bool = False
    after_ready: bool = False
    after_file: str = ""


@dataclass(frozen=True)
class Plan:
    """A whole group.

    Attributes:
        programs: what is started, in this order.
        probe_host: where the site's first answer is waited for.
        probe_port: its port; 0 means that nothing is waited for.
        banner: lines printed once when the site answers.
        stop_s: seconds between asking a program to stop and killing it.
        prefixed: put the program's name before each line; off where lines are JSON.
    """

    programs: tuple[Program, ...]
    probe_host: str = "127.0.0.1"
    probe_port: int = 0
    probe_path: str = "/health/live"
    banner: tuple[str, ...] = ()
    stop_s: float = 25.0
    prefixed: bool = True


def dump(plan: Plan) -> bytes:
    """The plan as bytes for a pipe."""
    return json.dumps(asdict(plan)).encode()


def load(text: bytes) -> Plan:
    """Read what `dump` wrote."""
    fields = json.loads(text)
    programs = tuple(Program(**{**one, "argv": tuple(one["argv"])}) for one in fields.pop("programs"))
    return Plan(**{**fields, "programs": programs, "banner": tuple(fields["banner"])})
