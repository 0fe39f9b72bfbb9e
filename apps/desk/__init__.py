"""Screens that span apps; no business rows."""
