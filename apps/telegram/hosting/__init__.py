"""Inside of `reading_host`: one tenancy an account, its metered reader, and the reader that others get."""
