"""Which posts tell of one event: lemmas, the window of the stream, similarity. Knows nothing of the database."""
