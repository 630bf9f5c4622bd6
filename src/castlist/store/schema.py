"""The tables of cast.db, version by version. `MIGRATIONS[v - 1]` leads from schema v - 1 to v.

Never change a released migration: add a new one.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from castlist.errors import WorkspaceError, WorkspaceNewer

__all__ = ["APPLICATION", "MIGRATIONS", "SCHEMA", "check", "migrate"]

APPLICATION = 0x63617374  # "cast", in the header of every cast.db

_FIRST = """
-- The film. Times and rates are exact: "num/den".
CREATE TABLE video (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    digest TEXT NOT NULL,
    path NOT NULL,                      -- bytes where it is no UTF-8
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frame_rate TEXT NOT NULL,
    duration TEXT NOT NULL,
    codec TEXT NOT NULL,
    pixel_format TEXT NOT NULL
);

-- Columns of arrays, kept in blocks: kind is NumPy's dtype, or text / json / fraction / path.
CREATE TABLE blocks (id INTEGER PRIMARY KEY);
CREATE TABLE block_columns (
    block INTEGER NOT NULL REFERENCES blocks ON DELETE CASCADE,
    name TEXT NOT NULL,
    part INTEGER NOT NULL,              -- long columns are cut into parts
    kind TEXT NOT NULL,
    shape TEXT NOT NULL,                -- JSON
    data BLOB NOT NULL,                 -- zlib
    PRIMARY KEY (block, name, part)
);

-- One pass over the film, segment by segment. The vectors lie in embeddings/<shard>.
CREATE TABLE scans (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    started TEXT NOT NULL,
    finished TEXT
);
CREATE TABLE segments (
    scan INTEGER NOT NULL REFERENCES scans ON DELETE CASCADE,
    number INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    faces INTEGER NOT NULL,
    embedded INTEGER NOT NULL,
    damaged INTEGER NOT NULL,
    last_pts INTEGER,
    unit TEXT NOT NULL,                 -- seconds per tick
    shard TEXT,                         -- NULL where nothing was embedded
    crc32 INTEGER,
    block INTEGER NOT NULL REFERENCES blocks,
    PRIMARY KEY (scan, number)
);

-- What whole-film steps made, by name and key.
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    made TEXT NOT NULL,
    block INTEGER NOT NULL REFERENCES blocks,
    UNIQUE (name, key)
);

-- Provenance.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started TEXT NOT NULL,
    finished TEXT,                      -- NULL: interrupted, or still at work
    version TEXT NOT NULL,
    seed INTEGER,
    recipe TEXT NOT NULL,               -- TOML, complete
    models TEXT NOT NULL,               -- JSON: name -> SHA-256
    machine TEXT NOT NULL,              -- JSON
    timings TEXT,                       -- JSON: step -> seconds
    counts TEXT                         -- JSON: what -> how many
);

-- The cast, as the last finished run found it. Replaced as a whole.
CREATE TABLE casts (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    run INTEGER REFERENCES runs,
    made TEXT NOT NULL,
    damaged INTEGER NOT NULL,
    clock INTEGER NOT NULL REFERENCES blocks
);
CREATE TABLE shots (
    id INTEGER PRIMARY KEY,             -- from 0
    start INTEGER NOT NULL,             -- first frame
    stop INTEGER NOT NULL,              -- frame after the last
    transition TEXT NOT NULL,
    start_seconds REAL NOT NULL,
    stop_seconds REAL NOT NULL
);
CREATE TABLE people (
    id INTEGER PRIMARY KEY,             -- from 0, longest on screen first, the background after the cast
    name TEXT NOT NULL,
    named INTEGER NOT NULL,             -- given by a person, or made up
    fate TEXT NOT NULL,                 -- person or background
    face_count INTEGER NOT NULL,
    screen_seconds REAL NOT NULL,
    first_seconds REAL NOT NULL,
    last_seconds REAL NOT NULL
);
CREATE TABLE tracks (
    id INTEGER PRIMARY KEY,             -- from 0
    shot INTEGER NOT NULL REFERENCES shots,
    person INTEGER REFERENCES people,   -- NULL: set aside
    fate TEXT NOT NULL,
    reason TEXT NOT NULL                -- why it is not of the cast
);
CREATE TABLE faces (
    track INTEGER NOT NULL REFERENCES tracks,
    frame INTEGER NOT NULL,             -- from 0
    seconds REAL NOT NULL,
    left REAL, top REAL, right REAL, bottom REAL,  -- pixels of the frame as shown
    score REAL,
    detection INTEGER,                  -- row among the detections; NULL: interpolated
    PRIMARY KEY (track, frame)
) WITHOUT ROWID;
CREATE TABLE portraits (
    id INTEGER PRIMARY KEY,
    track INTEGER NOT NULL REFERENCES tracks,
    frame INTEGER NOT NULL,
    left REAL, top REAL, right REAL, bottom REAL,
    quality REAL,
    image TEXT NOT NULL                 -- name among the thumbs, '' for none
);
CREATE INDEX faces_by_frame ON faces (frame);
CREATE INDEX tracks_by_person ON tracks (person);

-- What people decided. Only ever added to: see the triggers.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,                -- a name
    author TEXT NOT NULL,
    time TEXT NOT NULL,                 -- UTC, ISO 8601
    undoes INTEGER REFERENCES decisions
);
CREATE TABLE anchors (
    decision INTEGER NOT NULL REFERENCES decisions,
    number INTEGER NOT NULL,
    time TEXT NOT NULL,                 -- seconds from the start of the film, "num/den"
    left REAL NOT NULL, top REAL NOT NULL, right REAL NOT NULL, bottom REAL NOT NULL,  -- of the frame, 0 to 1
    side INTEGER NOT NULL,
    PRIMARY KEY (decision, number)
);
CREATE TRIGGER decisions_are_kept BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted: undo is another row'); END;
CREATE TRIGGER decisions_are_final BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never changed: undo is another row'); END;
CREATE TRIGGER anchors_are_kept BEFORE DELETE ON anchors
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted: undo is another row'); END;
CREATE TRIGGER anchors_are_final BEFORE UPDATE ON anchors
BEGIN SELECT RAISE(ABORT, 'decisions are never changed: undo is another row'); END;
"""

_TIMECODE = """
-- Of the film's time 0, as its file says: hh:mm:ss:ff, or hh:mm:ss;ff where it is drop-frame; '' for none.
ALTER TABLE video ADD COLUMN timecode TEXT NOT NULL DEFAULT '';
"""

_WHOLE_GROUPS = """
-- The people whom a decision is about, whole, as they stood when it was made; added for older rows once.
CREATE TABLE decided_groups (
    decision INTEGER PRIMARY KEY REFERENCES decisions,
    block INTEGER NOT NULL REFERENCES blocks
);
CREATE TRIGGER decided_groups_are_kept BEFORE DELETE ON decided_groups
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted: undo is another row'); END;
CREATE TRIGGER decided_groups_are_final BEFORE UPDATE ON decided_groups
BEGIN SELECT RAISE(ABORT, 'decisions are never changed: undo is another row'); END;

-- Up to which decision the cast goes. people.id is the number of "Person 7", people.place the order.
ALTER TABLE casts ADD COLUMN decision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE people SET place = id, id = -1 - id;
UPDATE people SET id = -id;
UPDATE tracks SET person = person + 1;
"""

_TURNED = """
-- Degrees clockwise by which the film shows more faces when it is turned; 0 for none.
ALTER TABLE casts ADD COLUMN turned INTEGER NOT NULL DEFAULT 0;
"""

_PROPOSALS = """
-- Names that files of other programs proposed for somebody. Nothing is decided by them.
CREATE TABLE proposals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    source TEXT NOT NULL,               -- name of the file
    agree REAL NOT NULL,                -- share of its faces or time of that name that agrees, 0 to 1
    by_faces INTEGER NOT NULL,          -- 1: faces were compared; 0: times alone
    why TEXT NOT NULL,                  -- what keeps it from being clear, '' for nothing
    author TEXT NOT NULL,
    time TEXT NOT NULL,                 -- UTC, ISO 8601
    rejected TEXT                       -- when somebody said no; NULL: open
);
CREATE TABLE proposed_faces (
    proposal INTEGER NOT NULL REFERENCES proposals,
    number INTEGER NOT NULL,
    time TEXT NOT NULL,                 -- seconds from the start of the film, "num/den"
    left REAL NOT NULL, top REAL NOT NULL, right REAL NOT NULL, bottom REAL NOT NULL,  -- of the frame, 0 to 1
    PRIMARY KEY (proposal, number)
);
"""

_NUMBERS = """
-- Numbers that people got after a decision or an undo, beside those in its groups.
CREATE TABLE decided_numbers (
    decision INTEGER NOT NULL REFERENCES decisions,
    made_by INTEGER NOT NULL,           -- the decision that makes the person; 0: whoever is left of one
    side INTEGER NOT NULL,              -- of that decision; of one who is left: the number of the person
    number INTEGER NOT NULL,
    PRIMARY KEY (decision, made_by, side, number)
);
CREATE TRIGGER decided_numbers_are_kept BEFORE DELETE ON decided_numbers
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted: undo is another row'); END;
CREATE TRIGGER decided_numbers_are_final BEFORE UPDATE ON decided_numbers
BEGIN SELECT RAISE(ABORT, 'decisions are never changed: undo is another row'); END;
"""

_NEGATIVE = """
-- 1: the film is a negative, since it shows far more faces when its tones are inverted.
ALTER TABLE casts ADD COLUMN negative INTEGER NOT NULL DEFAULT 0;
"""

_HIDDEN = """
-- Frames of the film's file that its edit list leaves out.
ALTER TABLE video ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
"""

_ACTIONS = """
-- The id of the action that made a decision, alone or with others; no row if unknown.
CREATE TABLE decided_actions (
    decision INTEGER PRIMARY KEY REFERENCES decisions,
    action TEXT NOT NULL
);
CREATE TRIGGER decided_actions_are_kept BEFORE DELETE ON decided_actions
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted: undo is another row'); END;
CREATE TRIGGER decided_actions_are_final BEFORE UPDATE ON decided_actions
BEGIN SELECT RAISE(ABORT, 'decisions are never changed: undo is another row'); END;
"""

MIGRATIONS: tuple[str, ...] = (
    _FIRST, _TIMECODE, _WHOLE_GROUPS, _TURNED, _PROPOSALS, _NUMBERS, _NEGATIVE, _HIDDEN, _ACTIONS,
)  # fmt: skip
SCHEMA = len(MIGRATIONS)


def check(db: sqlite3.Connection, path: Path, newest: int = SCHEMA) -> int:
    """The schema version of a workspace's database.

    Raises:
        WorkspaceNewer: a later version of castlist wrote it.
        WorkspaceError: another program wrote it.
    """
    if _pragma(db, "application_id") != APPLICATION:
        raise WorkspaceError(f"{path}: its cast.db was not written by castlist", elsewhere=True)
    version = _pragma(db, "user_version")
    if version > newest:
        raise WorkspaceNewer(
            f"{path}: written by a newer castlist (schema {version}, this one knows {newest}); "
            "upgrade castlist to open it"
        )
    if version < 1:
        raise WorkspaceError(f"{path}: its cast.db has no schema", elsewhere=True)
    return version


def migrate(db: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> int:
    """Upgrade a database to the newest schema, one transaction a version; returns the number of steps."""
    done = 0
    while (version := _pragma(db, "user_version")) < len(migrations):
        try:
            db.executescript(
                f"BEGIN IMMEDIATE;\n{migrations[version]}\n"
                f"PRAGMA application_id = {APPLICATION};\nPRAGMA user_version = {version + 1};\nCOMMIT;"
            )
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        done += 1
    return done


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
