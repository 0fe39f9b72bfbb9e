"""Screens clicked through in a browser, all on one demo."""
