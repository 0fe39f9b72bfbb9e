"""Near-copies and what channels say of themselves: pure functions over texts, without the database."""
