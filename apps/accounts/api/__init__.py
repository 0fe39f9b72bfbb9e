"""The API's common parts, and what it tells about accounts."""
