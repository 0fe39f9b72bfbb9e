"""Computing for the statistics of publications: no rows, no clock, no network."""
