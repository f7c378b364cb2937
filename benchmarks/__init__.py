"""Measures of speed and memory, and a hand-written peer whose figures must be the same. Not part of the wheel."""
