"""A server on loopback that gives canned answers as fast as it can, in a process of its own: see ``serving``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

#: A status body with every documented field filled, as a service sends it: in one line, in ASCII.
GENERATION = json.dumps(
    json.loads(Path(__file__).with_name("status_body.json").read_bytes()), separators=(",", ":")
).encode()
ACCOUNT = b"""{"user_id":"01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a00","display_name":"A. Tester",\
"email":"tester@example.com","plan":"Pro"}"""


def _answer(body: bytes, content_type: bytes = b"application/json; charset=utf-8", length: int | None = None) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\nRateLimit-Limit: 1000000\r\n"
        b"RateLimit-Remaining: 999999\r\nRateLimit-Reset: 60\r\n"
        b"Content-Length: " + str(len(body) if length is None else length).encode() + b"\r\n\r\n" + body
    )


class _Answers(asyncio.Protocol):
    """GETs on a kept connection: the account, the package under ``/package.zip``, a generation for anything else."""

    def __init__(self, package: Path) -> None:
        self._package = package
        self._received = b""
        self._transport: asyncio.Transport
        self._sending: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            path = head.split(b" ", 2)[1]
            if path == b"/package.zip":
                self._sending = asyncio.get_running_loop().create_task(self._send_package())
            else:
                self._transport.write(_answer(ACCOUNT if path == b"/v1/me" else GENERATION))

    async def _send_package(self) -> None:
        size = self._package.stat().st_size
        self._transport.write(_answer(b"", b"application/zip", size))
        with self._package.open("rb") as file:
            await asyncio.get_running_loop().sendfile(self._transport, file)


async def _serve(package: Path) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Answers(package), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The process that asked for it closes this pipe, or dies: either is the end.
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@contextlib.contextmanager
def serving(folder: Path, package_bytes: int = 0) -> Iterator[str]:
    """The server's address, while it runs in a process of its own; its package has about ``package_bytes`` bytes."""
    package = folder / "offered.zip"
    _write_zip(package, package_bytes)
    process = subprocess.Popen(
        [sys.executable, __file__, str(package)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def _write_zip(path: Path, size: int) -> None:
    """A zip of stored entries with bytes that no file system can squeeze."""
    entry_bytes = 16 << 20
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README.md", f"{uuid.uuid4()}\n")
        for number in range(size // entry_bytes):
            archive.writestr(f"docs/{number:04}.bin", os.urandom(entry_bytes))


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
