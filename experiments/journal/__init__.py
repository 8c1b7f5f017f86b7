"""The journal: the source of record, and all SQL of experiments. The door is `journal.Journal`; `find_journal` opens one."""
