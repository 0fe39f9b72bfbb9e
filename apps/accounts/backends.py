"""Permissions from memberships."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend


class MembershipBackend(ModelBackend):
    """Grants what a user's roles give."""
