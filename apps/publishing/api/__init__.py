"""What the API tells about publications."""
