"""One screen for everything that failed: work of every kind, and what stands still."""
