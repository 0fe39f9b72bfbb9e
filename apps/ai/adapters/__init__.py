"""Writers: the local extractive one and any OpenAI-compatible endpoint."""
