"""The distribution as a user gets it: built once, and installed into a virtual environment that has nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


class Environment:
    """A virtual environment, used from an empty folder, with nothing of this checkout on any path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder.with_name("home")
        self.home.mkdir()
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"

    def run(self, *command: str, check: bool = True, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run something of the environment's own ``bin``, and show what it said if it fails."""
        program = str(self.python.with_name(command[0]))
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("SPECSTEP", "PYTHON"))}
        environ |= {"HOME": str(self.home), "USERPROFILE": str(self.home), "NO_COLOR": "1"}
        done = subprocess.run(
            [program, *command[1:]], cwd=self.home, env=environ, capture_output=True, text=True, timeout=300, **more
        )
        if check and done.returncode != 0:
            pytest.fail(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
        return done


def built_from(source: Path, target: Path, *kinds: str) -> list[Path]:
    """Build with the hatchling of the development environment, so that nothing is downloaded."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", str(target), str(source)],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.fail(f"The build failed:\n{done.stdout}\n{done.stderr}", pytrace=False)
    return sorted(target.iterdir())


@pytest.fixture
def build() -> Any:
    """Builds a folder: ``build(source, target, "--wheel")`` gives the files that came of it."""
    return built_from


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The wheel and the sdist, each built from the checkout."""
    wheel = built_from(ROOT, tmp_path_factory.mktemp("wheel"), "--wheel")
    sdist = built_from(ROOT, tmp_path_factory.mktemp("sdist"), "--sdist")
    assert [path.suffix for path in (*wheel, *sdist)] == [".whl", ".gz"]
    return wheel[0], sdist[0]


@pytest.fixture(scope="session")
def wheel(built: tuple[Path, Path]) -> Path:
    return built[0]


@pytest.fixture(scope="session")
def sdist(built: tuple[Path, Path]) -> Path:
    return built[1]


@pytest.fixture(scope="session")
def bare_environment(wheel: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The wheel alone with its own dependencies."""
    environment = Environment(tmp_path_factory.mktemp("bare") / "venv")
    environment.run("python", "-m", "pip", "install", "--quiet", str(wheel))
    return environment


@pytest.fixture(scope="session")
def environment(wheel: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The wheel with its extra ``sandbox``."""
    environment = Environment(tmp_path_factory.mktemp("full") / "venv")
    environment.run("python", "-m", "pip", "install", "--quiet", f"{wheel}[sandbox]")
    return environment
