"""The fixtures of these tests; films and people are made by `library_made`."""

from library_made import films, season_films

__all__ = ["films", "season_films"]
