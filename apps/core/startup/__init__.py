"""What happens between `make run` and the first process: look, prepare, plan."""
