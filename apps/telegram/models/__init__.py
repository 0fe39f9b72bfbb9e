"""Bots with what they are told, and people's accounts that read channels."""

from apps.telegram.models.bot import TOKEN_PATTERN, TOKEN_WORDS, Bot
from apps.telegram.models.inbound import Inbox, KnownChat, Update
from apps.telegram.models.session import Budget, Peer, Session

__all__ = ["TOKEN_PATTERN", "TOKEN_WORDS", "Bot", "Budget", "Inbox", "KnownChat", "Peer", "Session", "Update"]
