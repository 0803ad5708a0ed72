"""The connections to PostgreSQL: a pool for everything that is short, and sessions for what is held.

Nobody else decides how a connection that has died is noticed: keepalive and time-outs are set here, on both sides.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from specstep_flows import errors

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

#: A host that vanishes is noticed after 10 + 3 * 5 seconds, by the server as well as by us.
KEEPALIVE: Final = {"idle": 10, "interval": 5, "count": 3}
USER_TIMEOUT_MILLISECONDS: Final = 25_000
CONNECT_SECONDS: Final = 10
#: How long to wait for a connection of the pool, in seconds.
POOL_SECONDS: Final = 15.0
#: No statement of ours takes longer than some milliseconds; one that does waits for what never comes.
STATEMENT_MILLISECONDS: Final = 30_000
#: A process that is stopped in the middle of a transaction must not keep a row from all others.
IDLE_IN_TRANSACTION_MILLISECONDS: Final = 5_000
#: The server has ended the connection, or it was dead: for that, for a restart, or for having been idle.
_ENDED: Final = ("57P01", "57P02", "57P03", "57P05", "25P03")
#: Whatever the environment or the role says: a brief may have any character.
_ENCODING: Final = "utf8"
_SCHEMA_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,40}", re.ASCII)


class Database:
    """One schema of one PostgreSQL database. Threads share it; a process that forks gets connections of its own.

    Args:
        url: where it is (``postgresql://user:password@host:5432/name``, or any other conninfo of libpq).
        schema: the schema that our tables are in.
        max_connections: the most connections of the pool. A session is one more.

    Raises:
        SettingsError: the URL or the schema's name is none.
    """

    def __init__(self, url: str, schema: str = "specstep", *, max_connections: int = 8) -> None:
        if _SCHEMA_NAME.fullmatch(schema) is None:
            raise errors.SettingsError(f"{schema!r} cannot be the schema: use up to 40 letters a to z, digits and '_'.")
        self.schema = schema
        self._most = max_connections
        self._conninfo = _checked(url)
        self._secrets = _secrets_in(self._conninfo)
        self._opening = threading.Lock()
        self._pool: ConnectionPool[Connection] | None = None
        self._process = 0

    @property
    def lock_class(self) -> int:
        """The first number of the advisory locks of this schema: another one in the same database has another."""
        return zlib.crc32(f"specstep {self.schema}".encode()) - (1 << 31)

    @property
    def conninfo(self) -> str:
        """Where it is, with the password: for libraries that open connections themselves. Never to be shown."""
        return make_conninfo(self._conninfo, options=self._options(), client_encoding=_ENCODING)

    @property
    def address(self) -> str:
        """Where it is, to be shown."""
        known = {**_of_the_environment(), **conninfo_to_dict(self._conninfo)}
        return f"{known.get('host', 'localhost')}:{known.get('port', 5432)}/{known.get('dbname', '')}"

    def table(self, name: str) -> str:
        """A table by its whole name, which is right on anybody's connection."""
        return f'"{self.schema}".{name}'

    def run(self, work: Callable[[Connection], T], *, is_repeatable: bool = True) -> T:
        """Do something with a connection on which each statement is a transaction of its own.

        A connection that turns out to be dead is replaced once, if doing it again changes nothing more.

        Raises:
            StoreError: PostgreSQL cannot be reached, or cannot do it.
        """
        with self._told():
            try:
                with self.pool.connection(POOL_SECONDS) as connection:
                    return work(connection)
            except psycopg.Error as error:
                if not is_repeatable or not is_dead(error):
                    raise
            # All that were idle died with the server.
            self.pool.check()
            with self.pool.connection(POOL_SECONDS) as connection:
                return work(connection)

    def transact(self, work: Callable[[Connection], T], *, is_repeatable: bool = True) -> T:
        """Do something in one transaction. Raises ``StoreError``."""

        def whole(connection: Connection) -> T:
            with connection.transaction():
                return work(connection)

        return self.run(whole, is_repeatable=is_repeatable)

    def connect(self) -> Connection:
        """A connection that belongs to the caller, outside the pool, whose end is noticed. Raises ``StoreError``."""
        with self._told():
            connection = psycopg.connect(self._conninfo, autocommit=True, **self._arguments())
            # A server may end sessions that say nothing for long; this one says nothing most of the time.
            connection.execute(
                "SELECT set_config(name, '0', false) FROM pg_settings "
                "WHERE name IN ('idle_session_timeout', 'statement_timeout')"
            )
            return connection

    @property
    def pool(self) -> ConnectionPool[Connection]:
        """The connections for what is short, opened when they are first wanted."""
        with self._opening:
            if self._pool is None or self._process != os.getpid():
                # Where there is none, this says why, at once; the pool would try for long, and say so by and by.
                psycopg.connect(self._conninfo, **self._arguments()).close()
                self._process = os.getpid()
                self._pool = ConnectionPool(
                    self._conninfo,
                    min_size=1,
                    max_size=self._most,
                    open=True,
                    timeout=POOL_SECONDS,
                    kwargs={"autocommit": True, **self._arguments()},
                    name="specstep",
                    reconnect_timeout=5.0,
                )
            return self._pool

    def close(self) -> None:
        """Close the pool; the next use opens it again."""
        with self._opening:
            if self._pool is not None and self._process == os.getpid():
                self._pool.close()
            self._pool = None

    def _arguments(self) -> dict[str, Any]:
        return {
            "options": self._options(),
            "client_encoding": _ENCODING,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "specstep",
            "keepalives": 1,
            **{f"keepalives_{name}": value for name, value in KEEPALIVE.items()},
            "tcp_user_timeout": USER_TIMEOUT_MILLISECONDS,
            # A pooler that is between may hand the next statement to another server process.
            "prepare_threshold": None,
        }

    def _options(self) -> str:
        settings = {
            "search_path": self.schema,
            **{f"tcp_keepalives_{name}": value for name, value in KEEPALIVE.items()},
            "tcp_user_timeout": USER_TIMEOUT_MILLISECONDS,
            "statement_timeout": STATEMENT_MILLISECONDS,
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MILLISECONDS,
            # What is written is on the disk when it is said to be, whatever the server's own setting.
            "synchronous_commit": "on",
            # Roles and databases may be set up for other programs: what waits for a lock waits as long as a statement
            # may, and what two write at the same time they write one after the other.
            "lock_timeout": 0,
            "default_transaction_isolation": r"read\ committed",
            "default_transaction_read_only": "off",
        }
        given = conninfo_to_dict(self._conninfo).get("options") or ""
        return " ".join([str(given), *(f"-c {name}={value}" for name, value in settings.items())]).strip()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What PostgreSQL cannot do, as ``StoreError``, without a password."""
        try:
            yield
        except psycopg.Error as error:
            raise self.refusal(error) from None

    def refusal(self, error: psycopg.Error) -> errors.StoreError:
        """``failure``, with the server's own words where a pool says only that it waited. It blocks."""
        return self.failure(self._reason(error))

    def _reason(self, error: psycopg.Error) -> psycopg.Error:
        """Why the pool has no connection: it says only that it waited."""
        if isinstance(error, PoolTimeout):
            try:
                psycopg.connect(self._conninfo, **{**self._arguments(), "connect_timeout": 2}).close()
            except psycopg.Error as found:
                return found
        return error

    def failure(self, error: psycopg.Error) -> errors.StoreError:
        """An error of PostgreSQL as one of ours, without a password."""
        # Of a server's answer, what it says first: the rest is statements.
        text = error.diag.message_primary or str(error).strip() or type(error).__name__
        for secret in self._secrets:
            text = text.replace(secret, "…")
        text = " ".join(text.split())
        if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
            return errors.StoreUnreadable(
                f"The database {self.address} has no tables of ours in schema {self.schema}: run `specstep fleet init`."
            )
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return errors.StoreError(
                f"PostgreSQL at {self.address} does not allow this user to do that ({text}). Nothing was sent. "
                "`specstep fleet check` says what a worker is to be granted; `specstep fleet init` is for the owner of "
                "the schema."
            )
        return errors.StoreError(
            f"PostgreSQL at {self.address} cannot be used ({text}). Nothing is sent without it; what runs at the "
            "service keeps running, and the run can be resumed."
        )


def is_dead(error: psycopg.Error) -> bool:
    """Whether the connection is at its end, and another one may work."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError) and not isinstance(error, PoolTimeout)
    return error.sqlstate in _ENDED


def _checked(url: str) -> str:
    try:
        known = conninfo_to_dict(url)
    except (psycopg.Error, ValueError):
        # Its message may quote what was taken for something else than the password.
        raise errors.SettingsError(
            "The database's address is not one of PostgreSQL: use postgresql://user:password@host:5432/name."
        ) from None
    # What libpq takes for the host, the port or the database is part of a password then, and is shown nowhere.
    if "@" in str(known.get("host", "")) or ("://" in url and "user" not in known and "@" in str(known.get("dbname"))):
        raise errors.SettingsError(
            "The database's address cannot be read: in a user's name or password, write %40 for '@' and %2F for '/'."
        )
    return url


def _of_the_environment() -> dict[str, str]:
    """What libpq takes from variables such as PGHOST where an address does not say it."""
    defaults = psycopg.pq.Conninfo.get_defaults()
    return {one.keyword.decode(): os.fsdecode(one.val) for one in defaults if one.val}


def _secrets_in(conninfo: str) -> tuple[str, ...]:
    known = conninfo_to_dict(conninfo)
    found = [str(known[name]) for name in ("password", "sslpassword") if known.get(name)]
    return tuple(text for secret in found for text in (secret, quote(secret, safe="")))
