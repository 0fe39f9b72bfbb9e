"""Why a start was refused."""

from __future__ import annotations


class StartError(Exception):
    """Pult can't start; its text is one sentence for whoever typed the command."""
