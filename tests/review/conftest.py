"""The fixtures of these tests; workspaces and tables are made by `review_made`."""

from review_made import made, served, standing

__all__ = ["made", "served", "standing"]
