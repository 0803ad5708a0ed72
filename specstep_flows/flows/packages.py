"""The package: find it, bring its bytes to disk, verify it, give it its final name (walkthrough, step 6)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Fetch, Flow, Remember, Report, Sleep, do

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.download import Fetched
    from specstep_flows.models import Generation

__all__ = ["fetch_package", "find_package"]

#: The package of a Complete generation may be recorded a moment late: look so often.
PACKAGE_LOOKS: Final = (2.0, 4.0, 8.0, 15.0, 30.0)
#: How often a download may break without a single new byte before its failure is raised.
MOST_IDLE_ATTEMPTS: Final = 6
#: A package that arrives damaged is fetched anew once: it costs nothing.
MOST_DAMAGED: Final = 2


def find_package(generation: Generation) -> Flow[UUID]:
    """The package of a complete generation: from its status body, else from GET /v1/generations/{id}/package.

    Raises:
        NotFound: no package is recorded, or it was deleted.
    """
    if generation.package_id is not None:
        return generation.package_id
    for wait in PACKAGE_LOOKS:
        try:
            return (yield from gateway.get_generation_package(generation.id)).id
        except errors.NotFound:
            yield from do(Sleep(wait))
    return (yield from gateway.get_generation_package(generation.id)).id


def fetch_package(
    package_id: UUID,
    path: Path,
    *,
    fetch: Callable[[str, bool, Path, Callable[[], bool]], Fetched],
    verify: Callable[[Path], str],
    place: Callable[[Path, Path], None],
) -> Flow[str]:
    """Bring a package to ``path``; its SHA-256 in hexadecimal. ``path`` is old, absent or whole, never half-written.

    The bytes grow in ``<path>.part``, where a later attempt goes on. The signed address lives for this call only.

    GET /v1/packages/{id}/zip, then the storage host

    Raises:
        DownloadError: the bytes did not arrive; what came is kept.
        DamagedPackage, HostilePackage: what arrived is not what it should be.
    """
    part = path.with_name(f"{path.name}.part")
    damaged = 0
    while True:
        yield from _fetch_part(package_id, part, fetch)
        try:
            digest = yield from do(Fetch(lambda _: verify(part)))
        except errors.DamagedPackage as error:
            damaged += 1
            if damaged >= MOST_DAMAGED:
                raise
            yield from do(Report(events.Notice(f"{error.message} It is fetched once more.")))
            continue
        break
    yield from do(Remember({"sha256": digest}))
    yield from do(Fetch(lambda _: place(part, path)))
    return digest


def _fetch_part(
    package_id: UUID, part: Path, fetch: Callable[[str, bool, Path, Callable[[], bool]], Fetched]
) -> Flow[None]:
    idle = 0
    size = -1
    while True:
        link = yield from gateway.get_package_zip(package_id)
        try:
            yield from do(Fetch(lambda stop, link=link: fetch(link.url, link.is_direct, part, stop)))  # type: ignore[misc]
        except errors.DownloadError as error:
            grown = yield from do(Fetch(lambda _: part.stat().st_size if part.exists() else 0))
            idle = idle + 1 if grown <= size else 0
            size = max(size, grown)
            if idle >= MOST_IDLE_ATTEMPTS:
                raise
            wait = min(30.0, 2.0**idle)
            yield from do(Report(events.Waiting(error.message, wait)))
            yield from do(Sleep(wait))
        else:
            return
