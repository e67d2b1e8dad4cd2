"""The tables of the database, by the number of the format that brought them.

Everything in them follows from the event files. Where an order decides, as between two values of
a tag, it is that of (moment, name of the file, offset), whatever was taken in first. The moment of
an event is the latest time up to it in its file, so that one file is always in its own order.
An origin is a folder of runs: only PostgreSQL ever has several. `short` is a name, or a path, as an
index can hold it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLES = """
CREATE TABLE meta (format BIGINT NOT NULL);

CREATE TABLE origins (
    key {key},
    id {text} NOT NULL UNIQUE,
    host {text} NOT NULL,
    complete BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE runs (
    key {key},
    id {text} NOT NULL UNIQUE,
    root BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    created DOUBLE PRECISION,
    moment DOUBLE PRECISION,
    file {text},
    "offset" BIGINT,
    number BIGINT,
    history {text},
    name {text},
    workspace {text},
    parent {text},
    definition {text},
    "by" {text},
    host {text},
    status {text} NOT NULL DEFAULT 'NotStarted',
    started DOUBLE PRECISION,
    ended DOUBLE PRECISION,
    exit_code BIGINT,
    reason {text},
    ignored BIGINT NOT NULL DEFAULT 0,
    collected BIGINT NOT NULL DEFAULT 0,
    settled BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_history ON runs (history, created);
CREATE INDEX runs_by_root ON runs (root);
CREATE INDEX runs_by_parent ON runs (parent);
CREATE INDEX runs_unsettled ON runs (status) WHERE settled = 0;

CREATE TABLE ingested (
    key {key},
    origin BIGINT NOT NULL,
    file {text} NOT NULL,
    run BIGINT NOT NULL,
    "offset" BIGINT NOT NULL DEFAULT 0,
    clock DOUBLE PRECISION,
    skipped BIGINT NOT NULL DEFAULT 0,
    UNIQUE (origin, file)
);
CREATE INDEX ingested_by_run ON ingested (run);

CREATE TABLE metrics (
    run BIGINT NOT NULL,
    name {text} NOT NULL,
    file BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    time DOUBLE PRECISION NOT NULL,
    moment DOUBLE PRECISION NOT NULL,
    step BIGINT,
    kind {text} NOT NULL,
    value {any},
    text {text},
    PRIMARY KEY (run, name, file, "offset")
){end};

CREATE TABLE latest (
    run BIGINT NOT NULL,
    short {text} NOT NULL,
    name {text} NOT NULL,
    count BIGINT NOT NULL,
    time DOUBLE PRECISION NOT NULL,
    moment DOUBLE PRECISION NOT NULL,
    file {text} NOT NULL,
    "offset" BIGINT NOT NULL,
    step BIGINT,
    kind {text} NOT NULL,
    value {any},
    text {text},
    least {any},
    greatest {any},
    PRIMARY KEY (run, short)
){end};

CREATE TABLE records (
    run BIGINT NOT NULL,
    file BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    time DOUBLE PRECISION NOT NULL,
    moment DOUBLE PRECISION NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    data {text} NOT NULL,
    PRIMARY KEY (run, file, "offset")
){end};

CREATE TABLE statuses (
    run BIGINT NOT NULL,
    file BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    time DOUBLE PRECISION NOT NULL,
    moment DOUBLE PRECISION NOT NULL,
    status {text} NOT NULL,
    reason {text},
    exit_code BIGINT,
    attempt BIGINT NOT NULL,
    PRIMARY KEY (run, file, "offset")
){end};

CREATE TABLE tags (
    run BIGINT NOT NULL,
    short {text} NOT NULL,
    name {text} NOT NULL,
    value {text},
    moment DOUBLE PRECISION NOT NULL,
    file {text} NOT NULL,
    "offset" BIGINT NOT NULL,
    PRIMARY KEY (run, short)
){end};

CREATE TABLE properties (
    run BIGINT NOT NULL,
    short {text} NOT NULL,
    name {text} NOT NULL,
    value {text},
    moment DOUBLE PRECISION NOT NULL,
    file {text} NOT NULL,
    "offset" BIGINT NOT NULL,
    PRIMARY KEY (run, short)
){end};

CREATE TABLE parameters (
    run BIGINT NOT NULL,
    short {text} NOT NULL,
    name {text} NOT NULL,
    value {text},
    moment DOUBLE PRECISION NOT NULL,
    file {text} NOT NULL,
    "offset" BIGINT NOT NULL,
    PRIMARY KEY (run, short)
){end};

CREATE TABLE outputs (
    run BIGINT NOT NULL,
    short {text} NOT NULL,
    path {text} NOT NULL,
    digest {text},
    size BIGINT,
    left_out {text},
    moment DOUBLE PRECISION NOT NULL,
    file {text} NOT NULL,
    "offset" BIGINT NOT NULL,
    PRIMARY KEY (run, short)
){end};

CREATE TABLE edges (
    source {text} NOT NULL,
    relation {text} NOT NULL,
    target {text} NOT NULL,
    time DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (source, relation, target)
){end};
CREATE INDEX edges_by_target ON edges (target);

CREATE TABLE numbers (history {text} PRIMARY KEY, last BIGINT NOT NULL){end};
"""

STEPS: Mapping[int, str] = {3: _TABLES}
"""What makes each format of the one before; the first makes a new database."""
FORMAT = max(STEPS)
FIRST = min(STEPS)
"""The oldest format that can be brought up to date; an older one is made again."""

SQLITE = {"key": "INTEGER PRIMARY KEY", "text": "TEXT", "any": "", "end": " WITHOUT ROWID"}
POSTGRESQL = {
    "key": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    "text": 'TEXT COLLATE "C"',  # ordered by code points, as in SQLite
    "any": "DOUBLE PRECISION",
    "end": "",
}


def steps_from(found: int, words: Mapping[str, str]) -> list[tuple[int, str]]:
    """The formats that come after one, with what makes each in the words of a database."""
    later = sorted(number for number in STEPS if number > found)
    return [(number, STEPS[number].format_map(words)) for number in later]
