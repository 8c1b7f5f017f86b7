"""A Postgres server on loopback with a password, to kill and to restart."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "correct-horse-battery"


class PostgresServer:
    """The server.

    Attributes:
        folder: holds its files; its user cannot enter the folders of pytest.
        port: of loopback, the same after each start.
        user: the superuser.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postgres"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        root = os.geteuid() == 0
        self.user = "postgres" if root else getpass.getuser()
        self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if root else []
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if root:
            for path in (self.folder, password):
                shutil.chown(path, "postgres")
        self._call("initdb", "-A", "scram-sha-256", "-U", self.user, f"--pwfile={password}", check=True)

    def _call(self, program: str, *words: Any, check: bool = False) -> bool:
        command = [*self._as_user, program, "-D", self.folder / "data", *words]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(command, cwd=self.folder, check=check, **quiet).returncode == 0

    def start(self) -> None:
        """Start it. After a kill it refuses that until its last process has seen the death of the first."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder} -c fsync=off"
        deadline = time.monotonic() + 60
        while not self._call("pg_ctl", "-o", options, "-l", self.folder / "log", "-w", "start"):
            if time.monotonic() > deadline:
                raise OSError((self.folder / "log").read_text()[-1000:])
            time.sleep(0.2)

    def restart(self) -> None:
        """Restart it; all connections are lost."""
        self._call("pg_ctl", "-m", "immediate", "-w", "stop")
        self.start()

    def kill(self) -> None:
        """Kill its first process, as the kernel does where memory ends."""
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def remove(self) -> None:
        """Stop it and delete its files."""
        self._call("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres", *, port: int | None = None, password: str = PASSWORD) -> str:
        """Return the address of a database."""
        return f"postgresql://{self.user}:{password}@127.0.0.1:{port or self.port}/{database}"

    def database(self, name: str) -> str:
        """Create a database and return its address."""
        self.sql(f"create database {name}")
        return self.url(name)

    def sql(self, statement: str, database: str = "postgres") -> list[Any]:
        """Execute a statement and return its rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as db:
            done = db.execute(statement)
            return done.fetchall() if done.description else []


@contextmanager
def postgres_running() -> Iterator[PostgresServer]:
    """Run a server for the block."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()
