"""The version, imported by whatever writes it into a result."""

__version__ = "0.2.0"
