"""What the desk does across apps."""
