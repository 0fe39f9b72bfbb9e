"""Work rows, errors, http, crypto, clock, checks, health: what every app stands on."""
