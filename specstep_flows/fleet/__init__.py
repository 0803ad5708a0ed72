"""Many hosts, many keys, thousands of runs: on PostgreSQL, with the extra ``fleet``. Nothing outside imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specstep_flows.fleet.check import Finding
    from specstep_flows.fleet.client import Fleet
    from specstep_flows.fleet.client_sync import SyncFleet
    from specstep_flows.fleet.desk import KeyInfo, WorkerInfo
    from specstep_flows.fleet.files import FileStore
    from specstep_flows.fleet.keys import Keys
    from specstep_flows.fleet.objects import ObjectFiles
    from specstep_flows.fleet.run import FleetRun

__all__ = ["FileStore", "Finding", "Fleet", "FleetRun", "KeyInfo", "Keys", "ObjectFiles", "SyncFleet", "WorkerInfo"]

_HOMES = {
    "FileStore": "files",
    "Finding": "check",
    "Fleet": "client",
    "FleetRun": "run",
    "KeyInfo": "desk",
    "Keys": "keys",
    "ObjectFiles": "objects",
    "SyncFleet": "client_sync",
    "WorkerInfo": "desk",
}
#: What is installed with the extra, as it is imported.
_EXTRA = ("psycopg", "psycopg_pool", "procrastinate")
NO_FLEET = (
    "A fleet needs the extra `fleet` of specstep-flows: pip install '.[fleet]' in a clone, or add [fleet] to the "
    "wheel's name."
)
NO_OBJECTS = (
    "An object store needs the extra `fleet-s3` of specstep-flows: pip install '.[fleet-s3]' in a clone, or add "
    "[fleet-s3] to the wheel's name."
)


def __getattr__(name: str) -> object:
    import importlib

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{home}")
    except ModuleNotFoundError as error:
        if error.name == "obstore":
            raise ModuleNotFoundError(NO_OBJECTS, name=error.name) from None
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise ModuleNotFoundError(NO_FLEET, name=error.name) from None
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
