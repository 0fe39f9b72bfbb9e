"""Making a note out of sentences that stand in the posts, without a model: split, rank, put together. Pure."""
