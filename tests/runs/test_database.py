"""How a store's file is opened."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest

from specstep_flows.runs.database import uri_of


# Of a path that is of no system, Python would rather not be asked since 3.14.
@pytest.mark.filterwarnings("ignore:.*as_uri:DeprecationWarning")
@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/me/my state/runs.db"), "file:///home/me/my%20state/runs.db"),
        (PureWindowsPath("C:\\Users\\me\\runs.db"), "file:///C:/Users/me/runs.db"),
        (PureWindowsPath("\\\\server\\share\\runs.db"), "file:////server/share/runs.db"),
    ],
)
def test_the_uri_of_a_store_names_no_host(path: PurePath, uri: str) -> None:
    """SQLite refuses one."""
    assert uri_of(path) == uri
