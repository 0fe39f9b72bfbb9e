"""What the API tells about stories."""
