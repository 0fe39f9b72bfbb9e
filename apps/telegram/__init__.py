"""The one gateway to Telegram: bots, rate buckets, Bot API calls."""
