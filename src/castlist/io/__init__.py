"""File formats: exports of a cast, imports of names, and JSON output."""
