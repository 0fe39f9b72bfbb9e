"""Alerts told to people: in a Telegram chat, by the workspace's own bot."""
