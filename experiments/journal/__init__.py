"""The journal, the source of record and the only place with SQL. The door is `journal.Journal`; `finding` opens one by name."""
