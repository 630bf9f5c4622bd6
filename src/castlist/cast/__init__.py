"""The cast: people with their screen time and appearances.

    for person in cast:
        print(person.name, person.screen_time, person.appearances[0])

Use `Cast.of` to make a cast from labelled tracks; nothing here identifies people.
"""

from castlist.cast.people import APPEARANCE_GAP, picture_worth
from castlist.cast.person import Appearance, Face, Person
from castlist.cast.table import Cast

__all__ = ["APPEARANCE_GAP", "Appearance", "Cast", "Face", "Person", "picture_worth"]
