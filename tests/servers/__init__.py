"""Servers that speak the vendors' protocols on loopback, for tests and for trying things from a shell."""
