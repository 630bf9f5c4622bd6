"""Find the cast of any video: who appears, when, and for how long, with no labels."""

__version__ = "0.1.0"
