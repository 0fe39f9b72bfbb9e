"""Channels and publications."""
