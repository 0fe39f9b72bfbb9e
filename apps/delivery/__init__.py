"""Everything that leaves: one outbox."""
