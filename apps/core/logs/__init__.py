"""What the log never shows, where it is written, and which queries it reports."""
