"""Pure readers: bytes in, frozen dataclasses out."""
