"""SpecStep and AsyncSpecStep: a client opened with a key, closed with ``with``. One set of flows stands behind both.

Opening a client builds its HTTP client and nothing else; the flows are imported with the first call.
"""

from __future__ import annotations

import functools
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

import attrs
import httpx

from specstep_flows._lazy import LazyModule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path
    from types import TracebackType
    from uuid import UUID

    from specstep_flows import _runtime as connections
    from specstep_flows import models
    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.effects import Flow
    from specstep_flows.errors import SettingsError
    from specstep_flows.events import Event
    from specstep_flows.flows import steps
    from specstep_flows.runs import opening as launch
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.runs.store import RunStore
    from specstep_flows.settings import Settings
else:
    connections = LazyModule("specstep_flows._runtime")
    launch = LazyModule("specstep_flows.runs.opening")
    steps = LazyModule("specstep_flows.flows.steps")

__all__ = ["AsyncSpecStep", "SpecStep"]

P = ParamSpec("P")
R = TypeVar("R")


class Method(Generic[P, R]):
    """A method that both clients have: looked up when it is used, and performed by the client it is on."""

    def __init__(self, load: Callable[[], Callable[P, Any]], performed_by: str) -> None:
        self._load = load
        self._performed_by = performed_by
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._load().__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Method[P, R]: ...
    @overload
    def __get__(self, client: SpecStep, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, client: AsyncSpecStep, owner: type) -> Callable[P, Awaitable[R]]: ...
    def __get__(self, client: SpecStep | AsyncSpecStep | None, owner: type) -> Any:
        if client is None:
            return self
        function = self._load()
        perform = getattr(client, self._performed_by)

        @functools.wraps(function)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            # Opened first: where that fails, there is no flow that nobody drives.
            _ = client._connection
            return perform(function(*args, **kwargs))

        # From now on it is found on the client, without coming here.
        vars(client)[self._name] = method
        return method


def step(load: Callable[[], Callable[P, Flow[R]]]) -> Method[P, R]:
    """A step of the job: a flow, driven by the client."""
    return Method(load, "_drive")


def run_step(load: Callable[[], Callable[P, launch.Launch[R]]]) -> Method[P, R]:
    """What is done to a run in the store: opened there, driven alone, resumable."""
    return Method(load, "_run")


class _Client:
    """What both clients are made of."""

    _open_http: type[Any]

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_url: str | None = None,
        settings: Settings | None = None,
        store: RunStore | Path | str | None = None,
        on_event: Callable[[Event], Any] | None = None,
        clock: Clock | None = None,
        limits: Mapping[str, int | None] | None = None,
        anonymous: bool = False,
    ) -> None:
        """Open a client.

        Args:
            api_key: an ``sf_`` API key or an ``oat_`` access token; default: ``SPECSTEP_API_KEY`` or the user's file.
            api_url: the service's address; default: ``SPECSTEP_API_URL``, else https://specstep.com.
            settings: all settings at once, instead of looking for them.
            store: where runs are kept: a ``RunStore``, a folder, or nothing for the user's own folder
                (``SPECSTEP_STATE``). ``RunStore.in_memory()`` keeps nothing beyond the process.
            on_event: called with every event of every step and run; with AsyncSpecStep it may be a coroutine function.
            clock: another clock than the machine's, for tests.
            limits: requests a minute, ``{"standard": 60, "kickoff": 5}`` by default; None turns one off.
            anonymous: open it without a key, and send none, for what needs none: the service's status, what it accepts
                (``get_capabilities``), audiences, feedback templates. Anything else then raises ``SettingsError``.

        Raises:
            SettingsError: no key, or a key, a URL or a setting that does not fit.
        """
        if settings is None:
            from specstep_flows.settings import Settings

            settings = Settings.load({"api_key": api_key, "api_url": api_url})
        if anonymous:
            settings = attrs.evolve(settings, api_key=None)
        self.settings = settings
        credentials = {} if anonymous else {"Authorization": f"Bearer {settings.require_key()}"}
        try:
            self._http = self._open_http(
                base_url=settings.api_url,
                headers={**credentials, "Accept": "application/json", "User-Agent": _user_agent()},
                follow_redirects=False,
                timeout=settings.request_timeout,
                trust_env=settings.uses_proxy,
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            raise _unusable_environment(error) from None
        # Whoever the key belongs to is the actor: no session that a cookie names may take its place.
        self._http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._made_of = (store, on_event, clock, limits)
        self._connected: connections.Connection | None = None

    @property
    def _connection(self) -> connections.Connection:
        if self._connected is None:
            self._connected = connections.Connection(self.settings, *self._made_of)
        return self._connected

    get_account = step(lambda: steps.get_account)
    get_usage = step(lambda: steps.get_usage)
    get_capabilities = step(lambda: steps.get_capabilities)
    start_interview = step(lambda: steps.start_interview)
    get_interview = step(lambda: steps.get_interview)
    say = step(lambda: steps.say)
    cancel_turn = step(lambda: steps.cancel_turn)
    attach_document = step(lambda: steps.attach_document)
    list_documents = step(lambda: steps.list_documents)
    detach_document = step(lambda: steps.detach_document)
    complete_interview = step(lambda: steps.complete_interview)
    start_generation = step(lambda: steps.start_generation)
    get_generation = step(lambda: steps.get_generation)
    list_generations = step(lambda: steps.list_generations)
    wait_for_generation = step(lambda: steps.wait_for_generation)
    get_questions = step(lambda: steps.get_questions)
    answer_questions = step(lambda: steps.answer_questions)
    pause_generation = step(lambda: steps.pause_generation)
    resume_generation = step(lambda: steps.resume_generation)
    cancel_generation = step(lambda: steps.cancel_generation)
    retry_generation = step(lambda: steps.retry_generation)
    update_generation = step(lambda: steps.update_generation)
    rename_generation = step(lambda: steps.rename_generation)
    get_conversation = step(lambda: steps.get_conversation)
    get_events = step(lambda: steps.get_events)
    get_package = step(lambda: steps.get_package)
    get_package_of = step(lambda: steps.get_package_of)
    list_package_files = step(lambda: steps.list_package_files)
    call = step(lambda: steps.call)

    run = run_step(lambda: launch.run)
    resume = run_step(lambda: launch.resume)
    answer = run_step(lambda: launch.answer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.api_url!r})"

    @property
    def store(self) -> RunStore:
        """Where this client keeps its runs."""
        return self._connection.store

    def runs(self) -> list[RunRecord]:
        """Every run in the store, the newest first."""
        return self._connection.store.all()


def _absolute(output: Path | str | None) -> str | None:
    from pathlib import Path

    return None if output is None else str(Path(output).expanduser().absolute())


def _unusable_environment(error: Exception) -> SettingsError:
    """What httpx makes of the environment's proxy or certificates; its own words would show a proxy's password."""
    from specstep_flows.errors import SettingsError

    if isinstance(error, OSError):
        return SettingsError(
            "The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read, so the service cannot be reached. "
            "Nothing was sent."
        )
    return SettingsError(
        "The proxy that the environment names cannot be used: HTTPS_PROXY (or ALL_PROXY) must be the address of an http "
        "proxy, without SOCKS; NO_PROXY lists hosts to go to directly. Nothing was sent."
    )


def _user_agent() -> str:
    from specstep_flows import __version__

    return f"specstep-flows/{__version__}"


class SpecStep(_Client):
    """The service, for code that blocks. Close it, or use it in ``with``.

    ::

        with SpecStep() as specstep:
            interview = specstep.start_interview()
            print(specstep.say(interview.id, "A portal for customer feedback.").reply)
    """

    _http: httpx.Client
    _open_http = httpx.Client

    def _drive(self, flow: Flow[R]) -> R:
        return self._connection.drive(flow, self._http)

    def _run(self, opening: launch.Launch[R]) -> R:
        return self._connection.run(opening, self._http)

    def adopt(self, generation_id: UUID | str, *, run_id: str | None = None, **options: Any) -> RunRecord:
        """Make a managed run of a generation that was started elsewhere; ``resume`` then goes on with it.

        ``options`` are those of ``run`` that make sense from here on: ``output``, ``unpack``, ``max_cost_usd``, ….

        GET /v1/generations/{id}
        """
        generation = self.get_generation(generation_id)
        return self._connection.adopt(generation, run_id, options)

    def download_package(
        self,
        package_id: UUID | str,
        *,
        output: Path | str | None = None,
        unpack: bool = False,
        force: bool = False,
    ) -> models.PackageOnDisk:
        """Bring one package home by its own id, whichever way it was made: one of migrated documents, too.

        ``output`` is the zip's name, or the folder to put it in (default: the working folder, under the package's id);
        ``unpack`` unpacks it beside itself, ``force`` replaces what stands there. A download that broke off is gone on
        with by the same call. It costs nothing. A run's package comes by ``run`` and ``resume``.

        GET /v1/packages/{id}, GET /v1/packages/{id}/zip, then the storage host

        Raises:
            NotFound: it is not there, or not this account's.
            UsageError, OutputError: it cannot be put there.
            DownloadError: the bytes did not arrive; what came is kept.
            DamagedPackage, HostilePackage: what arrived is not what it should be.
        """
        options = {"output": _absolute(output), "unpack": unpack, "force": force}
        return self._drive(self._connection.bring_package(steps.as_id(package_id), options))

    def close(self) -> None:
        """Close the connections. Runs go on at the service and can be resumed."""
        self._http.close()
        if self._connected is not None:
            self._connected.close()

    def __enter__(self) -> SpecStep:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncSpecStep(_Client):
    """The service, for code on an event loop: the methods of ``SpecStep``, awaited.

    ::

        async with AsyncSpecStep() as specstep:
            result = await specstep.run("A portal for customer feedback.")
    """

    _http: httpx.AsyncClient
    _open_http = httpx.AsyncClient

    async def _drive(self, flow: Flow[R]) -> R:
        return await self._connection.drive_async(flow, self._http)

    async def _run(self, opening: launch.Launch[R]) -> R:
        return await self._connection.run_async(opening, self._http)

    async def adopt(self, generation_id: UUID | str, *, run_id: str | None = None, **options: Any) -> RunRecord:
        """Make a managed run of a generation that was started elsewhere; see ``SpecStep.adopt``."""
        from specstep_flows.engine.drivers import in_thread

        generation = await self.get_generation(generation_id)
        return await in_thread(self._connection.adopt, generation, run_id, options)

    async def download_package(
        self,
        package_id: UUID | str,
        *,
        output: Path | str | None = None,
        unpack: bool = False,
        force: bool = False,
    ) -> models.PackageOnDisk:
        """Bring one package home by its own id; see ``SpecStep.download_package``."""
        import asyncio

        options = {"output": _absolute(output), "unpack": unpack, "force": force}
        loop = asyncio.get_running_loop()
        return await self._drive(self._connection.bring_package(steps.as_id(package_id), options, loop))

    async def aclose(self) -> None:
        """Close the connections. Runs go on at the service and can be resumed."""
        await self._http.aclose()
        if self._connected is not None:
            self._connected.close()

    async def __aenter__(self) -> AsyncSpecStep:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
