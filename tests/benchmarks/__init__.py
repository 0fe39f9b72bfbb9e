"""Figures: `python -m tests.benchmarks.<name> [--json]`."""
