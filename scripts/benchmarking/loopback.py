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
PACKAGE_ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a05"
PACKAGE = b"""{"id":"01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a05","generation_id":"01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04",\
"version":"1.0.0","review_profile":"Fast","project_name":"A portal","description":null,"total_cost_usd":1.1,\
"kind":"specification","kind_label":"Specification package"}"""
#: What is in a package: noise, as it is or as a compressor leaves it, or text, which unpacks to twice its size.
KINDS = ("stored noise", "deflated noise", "text")
ACCOUNT = b"""{"user_id":"01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a00","display_name":"A. Tester",\
"email":"tester@example.com","plan":"Pro"}"""


_ENTRY_BYTES = 4 << 20


def _answer(body: bytes, content_type: bytes = b"application/json; charset=utf-8", length: int | None = None) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\nRateLimit-Limit: 1000000\r\n"
        b"RateLimit-Remaining: 999999\r\nRateLimit-Reset: 60\r\n"
        b"Content-Length: " + str(len(body) if length is None else length).encode() + b"\r\n\r\n" + body
    )


_REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /package.zip\r\nContent-Length: 0\r\n\r\n"


class _Answers(asyncio.Protocol):
    """GETs on a kept connection: the account, a package and the way to its zip, a generation for anything else."""

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
            elif path.endswith(b"/zip"):
                self._transport.write(_REDIRECT)
            elif path.startswith(b"/v1/packages/"):
                self._transport.write(_answer(PACKAGE))
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
def serving(folder: Path, package_bytes: int = 0, kind: str = KINDS[0]) -> Iterator[str]:
    """The server's address, while it runs in a process of its own; its package has about ``package_bytes`` bytes."""
    package = folder / "offered.zip"
    _write_zip(package, package_bytes, kind)
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


def _write_zip(path: Path, size: int, kind: str) -> None:
    """A zip of about ``size`` bytes that no file system can squeeze."""
    method = zipfile.ZIP_STORED if kind == KINDS[0] else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        archive.writestr("README.md", f"{uuid.uuid4()}\n")
        while path.stat().st_size < size:
            noise = os.urandom(_ENTRY_BYTES)
            archive.writestr(f"docs/{len(archive.filelist):04}.md", noise.hex() if kind == "text" else noise)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
