"""The tables of the database, and text that SQLite cannot hold as such.

Everything in them follows from the event files. Where an order decides, as between two values of
a tag, it is that of (moment, name of the file, offset), whatever was taken in first. The moment of
an event is the latest time up to it in its file, so that one file is always in its own order.
"""

from __future__ import annotations

FORMAT = 3

TABLES = """
CREATE TABLE meta (format INTEGER NOT NULL, complete INTEGER NOT NULL);

CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    root INTEGER NOT NULL,
    created REAL,
    moment REAL,
    file TEXT,
    offset INTEGER,
    number INTEGER,
    history TEXT,
    name TEXT,
    workspace TEXT,
    parent TEXT,
    definition TEXT,
    by TEXT,
    host TEXT,
    status TEXT NOT NULL DEFAULT 'NotStarted',
    started REAL,
    ended REAL,
    exit_code INTEGER,
    reason TEXT,
    ignored INTEGER NOT NULL DEFAULT 0,
    collected INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_history ON runs (history, created);
CREATE INDEX runs_by_root ON runs (root);
CREATE INDEX runs_by_parent ON runs (parent);
CREATE INDEX runs_unsettled ON runs (status) WHERE settled = 0;

CREATE TABLE ingested (
    key INTEGER PRIMARY KEY,
    file TEXT NOT NULL UNIQUE,
    run INTEGER NOT NULL,
    offset INTEGER NOT NULL DEFAULT 0,
    clock REAL NOT NULL DEFAULT -9e999,
    skipped INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX ingested_by_run ON ingested (run);

CREATE TABLE metrics (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    time REAL NOT NULL,
    moment REAL NOT NULL,
    step INTEGER,
    kind TEXT NOT NULL,
    value,
    text,
    PRIMARY KEY (run, name, file, offset)
) WITHOUT ROWID;

CREATE TABLE latest (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    time REAL NOT NULL,
    moment REAL NOT NULL,
    file TEXT NOT NULL,
    offset INTEGER NOT NULL,
    step INTEGER,
    kind TEXT NOT NULL,
    value,
    text,
    least,
    greatest,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE records (
    run INTEGER NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    time REAL NOT NULL,
    moment REAL NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, file, offset)
) WITHOUT ROWID;

CREATE TABLE statuses (
    run INTEGER NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    time REAL NOT NULL,
    moment REAL NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    exit_code INTEGER,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (run, file, offset)
) WITHOUT ROWID;

CREATE TABLE tags (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT,
    moment REAL NOT NULL,
    file TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE properties (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT,
    moment REAL NOT NULL,
    file TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE parameters (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT,
    moment REAL NOT NULL,
    file TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE outputs (
    run INTEGER NOT NULL,
    path TEXT NOT NULL,
    digest TEXT,
    size INTEGER,
    left_out TEXT,
    moment REAL NOT NULL,
    file TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (run, path)
) WITHOUT ROWID;

CREATE TABLE edges (
    source TEXT NOT NULL,
    relation TEXT NOT NULL,
    target TEXT NOT NULL,
    time REAL NOT NULL,
    PRIMARY KEY (source, relation, target)
) WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges (target);

CREATE TABLE numbers (history TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
"""


def stored(text: str) -> str | bytes:
    """Text as SQLite takes it: a lone surrogate, which UTF-8 lacks, is kept in bytes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def text_of(value: str | bytes) -> str:
    """The text that `stored` gave away."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value
