"""The version of castlist; every module that writes a version into a result imports it."""

__version__ = "0.2.0"
