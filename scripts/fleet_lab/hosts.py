"""A host of its own on this machine, whose cable can be pulled: a network namespace of Linux, which root can make."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterator

import attrs


@attrs.frozen
class Host:
    """A network namespace with one cable to this machine; ``inside`` is its own address, ``outside`` the other end."""

    name: str
    inside: str
    outside: str

    @property
    def command(self) -> list[str]:
        """What a command begins with that is to run on it."""
        return ["ip", "netns", "exec", self.name]

    def vanish(self) -> None:
        """Pull the cable. Whoever talks to it hears nothing more, not even that it is gone."""
        subprocess.run([*self.command, "ip", "link", "set", "wire1", "down"], check=True)

    @classmethod
    @contextlib.contextmanager
    def made(cls) -> Iterator[Host]:
        """One for as long as it is wanted. Raises ``SystemExit`` where there can be none."""
        tag = secrets.token_hex(3)
        network = f"10.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}"
        host = cls(f"specstep-{tag}", f"{network}.2", f"{network}.1")
        outer = f"ss{tag}"
        try:
            if os.geteuid() != 0:
                raise PermissionError("only root can")
            _ip("netns", "add", host.name)
            _ip("link", "add", outer, "type", "veth", "peer", "name", "wire1", "netns", host.name)
            _ip("addr", "add", f"{host.outside}/24", "dev", outer)
            _ip("link", "set", outer, "up")
            for words in (("addr", "add", f"{host.inside}/24", "dev", "wire1"), ("link", "set", "wire1", "up")):
                _ip("-n", host.name, *words)
            _ip("-n", host.name, "link", "set", "lo", "up")
        except (OSError, subprocess.CalledProcessError) as error:
            raise SystemExit(
                f"No host can be made on this machine that could vanish (network namespaces: {error})."
            ) from None
        try:
            yield host
        finally:
            _ip("netns", "del", host.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def relay(here: tuple[str, int], there: tuple[str, int]) -> None:
    """From now on, whoever connects to ``here`` talks to ``there``."""
    listener = socket.create_server(here, backlog=200)

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while True:
            near, _ = listener.accept()
            with contextlib.suppress(OSError):
                far = socket.create_connection(there, timeout=10.0)
                far.settimeout(None)
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()
                continue
            near.close()

    threading.Thread(target=accept, daemon=True).start()
