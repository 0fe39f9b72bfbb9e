"""A small app with work rows of its own, for the tests of core.work only."""
