"""A PostgreSQL whose server has a turned clock, and hosts whose own clocks disagree with it."""

from __future__ import annotations

from specstep_flows.fleet.clock import DatabaseClock
from specstep_flows.fleet.database import Database

from .shared_clock import SharedClock


class TurnedDatabase(Database):
    """The server's own function for the time is hidden by one that reads a table."""

    def _options(self) -> str:
        return f"{super()._options()} -c search_path={self.schema},pg_catalog"

    def prepare(self) -> None:
        """Make the function and the table, in a schema that is there."""
        table = self.table("turned")
        self.run(
            lambda connection: connection.execute(
                f"CREATE TABLE {table} AS SELECT 0::double precision AS at;"
                f"CREATE FUNCTION {self.table('clock_timestamp')}() RETURNS timestamptz LANGUAGE sql VOLATILE "
                f"AS 'SELECT to_timestamp(at) FROM {table}'"
            )
        )

    def turn_to(self, moment: float) -> None:
        """It is so late at the server now."""
        self.run(lambda connection: connection.execute(f"UPDATE {self.table('turned')} SET at = %s", [moment]))


class ServersClock(DatabaseClock):
    """The clock of a fleet on a host whose own is ``ahead`` of the others."""

    def __init__(self, database: TurnedDatabase, shared: SharedClock, ahead: float) -> None:
        self.database, self.shared = database, shared
        super().__init__(database, count=lambda: shared.now() + ahead)

    def sleep(self, seconds: float) -> None:
        self.shared.sleep(seconds)
        self.database.turn_to(self.shared.now())

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


class OwnClock(ServersClock):
    """The clock of that host itself, which nobody has set right, and which it believes."""

    is_shared = False

    def now(self) -> float:
        return self.count()
