"""A group of processes that starts, logs, restarts and stops as one; standard library only, so that it stays small."""
