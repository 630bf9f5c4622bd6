"""The tables of catalogue.db, and its views for other programs.

The catalogue is made from the film workspaces and the log of the library, and can be made again. Views keep
their names and columns; tables may change with any version.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from castlist.errors import WorkspaceError, WorkspaceNewer

__all__ = ["APPLICATION", "SCHEMA", "VIEWS", "Db", "OlderCatalogue", "check", "create"]

Db = sqlite3.Connection  # a connection to a catalogue

APPLICATION = 0x63617461  # "cata", in the header of every catalogue.db
SCHEMA = 7  # version of the tables; a catalogue with a later one is refused

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE film (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,        -- of the film's content
    name TEXT NOT NULL,
    path TEXT NOT NULL,                 -- of the film, when it was added
    workspace TEXT NOT NULL,
    near TEXT NOT NULL,                 -- the workspace as seen from the library's folder, '' for no way
    seconds REAL NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frame_rate TEXT NOT NULL,           -- num/den
    model TEXT NOT NULL,                -- that made the vectors
    stamp TEXT NOT NULL,                -- of the workspace when it was read; '' where it could not be
    added TEXT NOT NULL                 -- UTC, ISO 8601
);
CREATE TABLE person (
    id TEXT PRIMARY KEY,                -- ULID
    name TEXT NOT NULL,                 -- '' for none
    named_by TEXT NOT NULL,             -- who gave it, '' for nobody
    made TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE redirect (old TEXT PRIMARY KEY, new TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tombstone (id TEXT PRIMARY KEY, made TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE member (                   -- somebody of one film
    id INTEGER PRIMARY KEY,
    film INTEGER NOT NULL REFERENCES film ON DELETE CASCADE,
    key TEXT NOT NULL,                  -- the library's name for them within the film
    person TEXT,                        -- NULL: nobody of the library
    probability REAL,                   -- of belonging to that person, when it was linked
    how TEXT NOT NULL,                  -- new, linked, answered, told, or '' for none
    fate TEXT NOT NULL,                 -- person, background or set aside
    founds INTEGER NOT NULL,
    name TEXT NOT NULL,                 -- as given in the film, '' for none
    brought INTEGER NOT NULL,           -- whether the library brought the name there
    seconds REAL NOT NULL,
    faces INTEGER NOT NULL,
    UNIQUE (film, key)
);
CREATE INDEX member_by_person ON member (person);
CREATE TABLE vectors (                  -- prototypes of a member, float16, one row of data after another
    member INTEGER PRIMARY KEY REFERENCES member ON DELETE CASCADE,
    model TEXT NOT NULL,
    count INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE sighting (                 -- where each prototype was seen
    member INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    number INTEGER NOT NULL,
    time TEXT NOT NULL,                 -- seconds, num/den
    left REAL NOT NULL, top REAL NOT NULL, right REAL NOT NULL, bottom REAL NOT NULL,  -- of the frame, 0 to 1
    quality REAL NOT NULL,
    image TEXT NOT NULL,                -- name among the workspace's thumbs, '' for none
    track INTEGER NOT NULL,
    PRIMARY KEY (member, number)
) WITHOUT ROWID;
CREATE TABLE appearance (
    member INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    number INTEGER NOT NULL,
    start REAL NOT NULL, stop REAL NOT NULL,
    start_exact TEXT NOT NULL, stop_exact TEXT NOT NULL,
    PRIMARY KEY (member, number)
) WITHOUT ROWID;
CREATE TABLE stay (                     -- one track
    member INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    number INTEGER NOT NULL,
    start REAL NOT NULL, stop REAL NOT NULL,
    shot INTEGER NOT NULL,
    PRIMARY KEY (member, number)
) WITHOUT ROWID;
CREATE TABLE together (                 -- members seen in one frame, apart from each other
    a INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    b INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX together_by_b ON together (b);
CREATE TABLE question (                 -- is a the same person as b?
    id TEXT PRIMARY KEY,
    a INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    b INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    probability REAL NOT NULL,
    why TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE answer (
    a INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    b INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    said TEXT NOT NULL,                 -- same, different or unsure
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE TABLE compared (                 -- members of people at whom a user looked side by side with others
    member INTEGER PRIMARY KEY REFERENCES member ON DELETE CASCADE
);
CREATE TABLE decision (                 -- what people decided
    number INTEGER PRIMARY KEY,         -- of the event in the log
    act INTEGER NOT NULL,               -- number of the first event of the same decision
    kind TEXT NOT NULL,                 -- merge, split, name or answer
    data TEXT NOT NULL,                 -- JSON
    author TEXT NOT NULL,
    time TEXT NOT NULL,
    undone INTEGER NOT NULL
);
CREATE INDEX decision_by_act ON decision (act);
CREATE TABLE step (                     -- what each event did to who is who
    number INTEGER NOT NULL,            -- of the event in the log
    place INTEGER NOT NULL,             -- within the event
    kind TEXT NOT NULL,
    member INTEGER REFERENCES member ON DELETE CASCADE,
    other INTEGER REFERENCES member ON DELETE CASCADE,
    person TEXT, gone TEXT,
    text TEXT NOT NULL,
    value REAL,
    by TEXT NOT NULL,
    time TEXT NOT NULL,
    needs INTEGER,                      -- the number of another event without which it does not count
    PRIMARY KEY (number, place)
) WITHOUT ROWID;
CREATE INDEX step_by_member ON step (member);
CREATE INDEX step_by_other ON step (other) WHERE other IS NOT NULL;
"""

VIEWS = {
    "films": """
CREATE VIEW films AS
SELECT film.id AS film_id, film.name, film.path, film.workspace, film.digest, film.seconds, film.width,
film.height,
       film.frame_rate, film.model, film.added,
       (SELECT count(DISTINCT person) FROM member WHERE film = film.id AND person IS NOT NULL) AS people
FROM film""",
    "people": """
CREATE VIEW people AS
WITH twice AS (                         -- two groups of one film are one person, as in a mirror
    SELECT person, film FROM member WHERE person IS NOT NULL GROUP BY person, film HAVING count(*) > 1),
span AS (
    SELECT member.person, stay.start, stay.stop, coalesce(max(stay.stop) OVER (
        PARTITION BY member.person, member.film ORDER BY stay.start, stay.stop
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), stay.start) AS before
    FROM twice JOIN member USING (person, film) JOIN stay ON stay.member = member.id),
seen AS (
    SELECT person, sum(max(0.0, stop - max(start, before))) AS seconds FROM span GROUP BY person
    UNION ALL
    SELECT person, sum(seconds) FROM (
        SELECT person, sum(seconds) AS seconds FROM member WHERE person IS NOT NULL
        GROUP BY person, film HAVING count(*) = 1) GROUP BY person)
SELECT person.id AS person_id,
       CASE WHEN person.name <> '' THEN person.name ELSE 'Person ' || substr(person.id, -6) END AS name,
       person.name <> '' AS named, person.named_by, person.made,
       count(DISTINCT member.film) AS films,
       coalesce(max(total.seconds), 0.0) AS seconds, coalesce(sum(member.faces), 0) AS faces
FROM person LEFT JOIN member ON member.person = person.id
     LEFT JOIN (SELECT person, sum(seconds) AS seconds FROM seen GROUP BY person) AS total
     ON total.person = person.id
GROUP BY person.id""",
    "film_people": """
CREATE VIEW film_people AS
SELECT member.id AS film_person_id, member.film AS film_id, film.name AS film, member.key, member.person AS
person_id,
       member.name, member.fate, member.how, member.probability, member.seconds, member.faces
FROM member JOIN film ON film.id = member.film""",
    "appearances": """
CREATE VIEW appearances AS
SELECT member.person AS person_id, member.film AS film_id, film.name AS film, member.id AS film_person_id,
       appearance.start AS start, appearance.stop AS stop, appearance.stop - appearance.start AS seconds
FROM appearance JOIN member ON member.id = appearance.member JOIN film ON film.id = member.film""",
    "prototypes": """
CREATE VIEW prototypes AS
SELECT member.person AS person_id, member.film AS film_id, member.id AS film_person_id, sighting.number,
vectors.model,
       sighting.time AS time_exact, sighting.left, sighting.top, sighting.right, sighting.bottom,
       sighting.quality,
       sighting.image,
       substr(vectors.data, 1 + sighting.number * (length(vectors.data) / vectors.count),
              length(vectors.data) / vectors.count) AS vector
FROM sighting JOIN member ON member.id = sighting.member JOIN vectors ON vectors.member = member.id""",
    "redirects": "CREATE VIEW redirects AS SELECT old AS person_id, new AS now_id FROM redirect",
}


class OlderCatalogue(WorkspaceError):
    """An earlier castlist made the catalogue; it is made anew from the log and the films."""


def create(db: sqlite3.Connection) -> None:
    """Make the tables and views, in one transaction."""
    views = ";\n".join(view.strip() for view in VIEWS.values())
    db.executescript(
        f"BEGIN IMMEDIATE;\n{_TABLES}\n{views};\n"
        f"PRAGMA application_id = {APPLICATION};\nPRAGMA user_version = {SCHEMA};\nCOMMIT;"
    )


def check(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not a catalogue as this castlist makes it.

    Tables, indexes and views of other programs are allowed. Triggers are refused because they would run with
    each write, and changed tables of castlist because queries would read other data.

    Raises:
        WorkspaceNewer: a later castlist wrote it.
        OlderCatalogue: an earlier castlist wrote it.
        WorkspaceError: another program wrote it, or its tables were changed.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if int(db.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION:
        raise WorkspaceError(f"{path}: its catalogue.db was not written by castlist; give another folder")
    if version > SCHEMA:
        raise WorkspaceNewer(
            f"{path}: written by a newer castlist (catalogue {version}, this one knows {SCHEMA}); "
            f"upgrade castlist"
        )
    if version < SCHEMA:
        raise OlderCatalogue(
            f"{path}: its catalogue was made by an earlier castlist and cannot be written here; "
            "copy the library to a disk that can be written"
        )
    expected, present = _expected(), _objects(db)
    if any(kind == "trigger" for kind, _ in present) or any(
        present.get(k) != sql for k, sql in expected.items()
    ):
        raise WorkspaceError(
            f"{path}: the tables of its catalogue.db were changed by something else; run "
            "castlist library rebuild to make it again from the log and the films"
        )


@cache
def _expected() -> dict[tuple[str, str], str]:
    """(type, name) -> SQL of the objects in a catalogue of this schema."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        create(db)
        return _objects(db)


def _objects(db: sqlite3.Connection) -> dict[tuple[str, str], str]:
    rows = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL LIMIT 10000"
    ).fetchall()
    return {(str(kind), str(name)): str(sql) for kind, name, sql in rows}
