"""The layout of a journal: its files and the tables of its database. All other modules take both from here."""

from __future__ import annotations

from pathlib import Path

from .records import Reply, Row, columns_of

SUFFIX = ".journal.sqlite"
# raise it when older programs can no longer read what newer ones write; `tables` refuses journals above it
VERSION = 1


def _listed(record: type) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns_of(record).items())


# without rowid: the primary key is the table, so that a row is replaced by its key without a second index
SCHEMA = f"""
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists sets (name text primary key, source text not null, spec text not null) without rowid;
create table if not exists problems (
  set_name text, key text, position integer, problem_id text, question text, reference text, domain text, metadata text,
  primary key (set_name, key)) without rowid;
create table if not exists cells (id text primary key, position integer, spec text not null, prompts text) without rowid;
create table if not exists rows ({_listed(Row)}, primary key (cell_id, key)) without rowid;
create table if not exists replies ({_listed(Reply)}, primary key (teacher, prompt_key)) without rowid;
create table if not exists progress (
  cell_id text, step integer, ms integer, metrics text, primary key (cell_id, step)) without rowid;
create table if not exists sessions (id integer primary key, started_ms integer, ended_ms integer, done integer, outcome text);
"""
"""SQL that creates the tables. `salvage` matches damaged records against it, so the order of columns matters."""


def experiment_in(path: Path) -> str:
    """Return the name of an experiment by the name of its journal's file, in which spaces are underscores."""
    return path.name.removesuffix(SUFFIX)


def files_of(path: Path) -> list[Path]:
    """Return the files of a journal: the database, its write-ahead log (-wal), its shared index (-shm), and the lock."""
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm")), path.with_suffix(".lock")]
