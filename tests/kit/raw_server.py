"""A server on loopback that writes whatever bytes a test tells it to, and a proxy that is one."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

#: Called with each connection and the bytes of its request's head; the connection is closed afterwards.
Handler = Callable[[socket.socket, bytes], None]


@contextlib.contextmanager
def raw_server(handle: Handler, tls: ssl.SSLContext | None = None, *, reads_head: bool = True) -> Iterator[int]:
    """Serve on a free port, which is yielded; with ``tls``, encrypted. ``handle`` may read the head by itself."""
    listening = socket.create_server(("127.0.0.1", 0))

    def one(peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            wrapped = peer if tls is None else tls.wrap_socket(peer, server_side=True)
            with wrapped:
                head = b""
                while reads_head and b"\r\n\r\n" not in head and (more := wrapped.recv(65536)):
                    head += more
                if head or not reads_head:
                    handle(wrapped, head)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        # It wakes the thread that accepts.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def answering(*pieces: bytes) -> Handler:
    """Write these bytes to every request."""

    def handle(peer: socket.socket, head: bytes) -> None:
        for piece in pieces:
            peer.sendall(piece)

    return handle


def without_end(first: bytes, again: bytes) -> Handler:
    """Write for as long as anybody reads."""

    def handle(peer: socket.socket, head: bytes) -> None:
        peer.sendall(first)
        while True:
            peer.sendall(again)

    return handle


def tunnelling(
    ports: dict[str, int], asked: list[bytes], answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"
) -> Handler:
    """A proxy: ``ports`` says where on this machine each host is. What it is asked is kept in ``asked``."""

    def handle(peer: socket.socket, head: bytes) -> None:
        asked.append(head)
        host = head.split()[1].decode().rpartition(":")[0]
        with socket.create_connection(("127.0.0.1", ports[host])) as there:
            peer.sendall(answer)
            back = threading.Thread(target=_copy, args=(there, peer), daemon=True)
            back.start()
            _copy(peer, there)
            back.join()

    return handle


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def certificate(folder: Path, *hosts: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for some hosts that signs itself, to be named by SSL_CERT_FILE, and a server's context with it."""
    key, made = folder / "key.pem", folder / "certificate.pem"
    names = ",".join(f"DNS:{host}" for host in hosts)
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    extension = f"subjectAltName={names},IP:127.0.0.1"
    subprocess.run(
        ["openssl", *request.split(), "-addext", extension, "-keyout", str(key), "-out", str(made)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return made, context
