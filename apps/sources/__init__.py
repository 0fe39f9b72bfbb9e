"""Sources, posts, filters and the collectors."""
