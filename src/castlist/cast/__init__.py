"""The cast: people with their screen time and appearances.

    for person in cast:
        print(person.name, person.screen_time, person.appearances[0])

`Cast.of` makes it; nothing here computes who is who.
"""

from castlist.cast.people import APPEARANCE_GAP, picture_worth
from castlist.cast.person import Appearance, Face, Person
from castlist.cast.table import Cast

__all__ = ["APPEARANCE_GAP", "Appearance", "Cast", "Face", "Person", "picture_worth"]
