"""Our product against a server that somebody else wrote from the public pages: real HTTP, on a turned clock."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest


@pytest.fixture(scope="session")
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a single authority. Loading them all is what opening a client takes longest for."""
    first, end, _ = Path(certifi.where()).read_text(encoding="utf-8").partition("-----END CERTIFICATE-----")
    path = tmp_path_factory.mktemp("certificates") / "one.pem"
    path.write_text(f"{first}{end}\n")
    return path


@pytest.fixture(autouse=True)
def _quickly_opened(monkeypatch: pytest.MonkeyPatch, one_certificate: Path) -> None:
    """Nothing here speaks TLS."""
    monkeypatch.setenv("SSL_CERT_FILE", str(one_certificate))


@pytest.fixture(autouse=True)
def log_trap() -> None:
    """No trap here: what this service's runs say and keep is searched for secrets by `bench`."""
