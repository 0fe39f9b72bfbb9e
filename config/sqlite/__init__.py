"""Django's SQLite backend with the limits that SQLite really has."""
