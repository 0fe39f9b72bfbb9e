"""The tests of Pult."""
