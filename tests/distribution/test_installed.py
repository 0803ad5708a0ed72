"""The wheel in a virtual environment of its own: it imports, its command runs a whole job, and type checkers see it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

# One worker builds and installs for all.
pytestmark = pytest.mark.slow

#: What a user's own file may look like; ``assert_type`` fails where a type is lost, and ``Any`` is not a type.
USER_FILE = """
from collections.abc import Sequence
from pathlib import Path
from typing import Any, assert_type
from uuid import UUID

from specstep_client.api.generations import get_generation
from specstep_client.models.generation import Generation as GeneratedGeneration

from specstep_flows import Answer, AsyncSpecStep, Clarification, Generation, Interview, ProposedDefaults, RunResult
from specstep_flows import RunStore, SpecStep, SpecStepError, verify_webhook
from specstep_flows.errors import AnswersNeeded, GenerationFailed
from specstep_flows.events import Event, GenerationProgress


def answer(questions: Sequence[Clarification]) -> dict[str, str]:
    return {question.question: question.proposed_default or "Use your judgement." for question in questions}


def watch(event: Event) -> None:
    if isinstance(event, GenerationProgress):
        assert_type(event.generation, Generation)
        assert_type(event.generation.running_cost_usd, float | None)


def sync() -> Path | None:
    with SpecStep(store=RunStore.in_memory()) as specstep:
        interview = specstep.start_interview()
        assert_type(interview, Interview)
        assert_type(specstep.say(interview.id, "A portal").reply, str | None)
        try:
            result = specstep.run(["A portal"], profile="Fast", on_question=answer, on_event=watch)
        except AnswersNeeded as error:
            assert_type(error.questions, tuple[Clarification, ...])
            return None
        except GenerationFailed as error:
            assert_type(error.category, str | None)
            return None
        assert_type(result, RunResult)
        assert_type(result.generation_id, UUID)
        assert_type(result.answers, tuple[Answer, ...])
        return result.path


async def asynchronous() -> None:
    async with AsyncSpecStep() as specstep:
        assert_type(await specstep.resume("a-run"), RunResult)
        assert_type(await specstep.get_generation("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"), Generation)
        answered = await specstep.run("A portal", on_question=ProposedDefaults())
        assert_type(answered, RunResult)


def generated(body: GeneratedGeneration) -> None:
    assert_type(body, GeneratedGeneration)
    assert_type(body.to_dict(), dict[str, Any])
    assert_type(get_generation._get_kwargs(UUID(int=0)), dict[str, Any])
"""

#: Each of these is a mistake, and none may pass.
WRONG_FILE = """
from specstep_flows import AsyncSpecStep, SpecStep

with SpecStep() as specstep:
    specstep.run("A portal", profil="Fast")
    specstep.say("an id")
    specstep.start_interview().no_such_field
    path: int = specstep.run("A portal").path
    SpecStep(stroe="a folder")
"""


def test_both_packages_import_from_the_environment(environment: Any) -> None:
    """Both packages come from the wheel, and the installed version is the package's own."""
    done = environment.run(
        "python",
        "-c",
        "import json, importlib.metadata as m, specstep_client, specstep_flows;"
        "print(json.dumps([specstep_client.__file__, specstep_flows.__file__, specstep_flows.__version__,"
        " m.version('specstep-flows')]))",
    )
    client, flows, version, installed = json.loads(done.stdout)

    assert Path(client).is_relative_to(environment.folder)
    assert Path(flows).is_relative_to(environment.folder)
    assert version == installed


def test_the_command_says_its_version_and_its_help(environment: Any) -> None:
    """The console script works, and names its commands."""
    version = environment.run("specstep", "--version").stdout
    page = environment.run("specstep", "--help").stdout

    assert version.split() == ["specstep", environment.run("python", "-c", SHOW_VERSION).stdout.strip()]
    assert {"run", "resume", "sandbox", "doctor"} <= set(page.split())


SHOW_VERSION = "import specstep_flows; print(specstep_flows.__version__)"


def test_a_whole_run_in_the_sandbox(environment: Any) -> None:
    """What was installed does the whole job: a brief in, a whole zip out, its path alone on stdout."""
    done = environment.run(
        "specstep", "run", "A portal", "--sandbox", "--on-question", "defaults", "--output", "portal.zip", "--quiet"
    )
    path = environment.home / done.stdout.strip()

    assert path == environment.home / "portal.zip"
    assert zipfile.ZipFile(path).testzip() is None


def test_without_the_extra_everything_but_the_sandbox_is_there(bare_environment: Any) -> None:
    """The sandbox's packages are an extra: without them the command works, and says in a sentence what is missing."""
    assert bare_environment.run("specstep", "--help").returncode == 0
    assert bare_environment.run("python", "-c", "from specstep_flows import SpecStep; SpecStep('sf_x')").stderr == ""

    done = bare_environment.run("specstep", "run", "A portal", "--sandbox", check=False)

    assert done.returncode == 2
    assert "the extra `sandbox`" in done.stderr
    assert "Traceback" not in done.stderr


def mypy(environment: Any, file: Path, text: str) -> subprocess.CompletedProcess[str]:
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--python-executable", str(environment.python)),
            *("--config-file", "", "--cache-dir", str(file.parent / "cache"), str(file)),
        ],
        cwd=file.parent,
        capture_output=True,
        text=True,
    )


def test_a_type_checker_sees_both_packages(environment: Any, tmp_path: Path) -> None:
    """mypy --strict passes a user's file, whose every ``assert_type`` names the type that the pages promise."""
    done = mypy(environment, tmp_path / "user.py", USER_FILE)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_type_checker_finds_mistakes(environment: Any, tmp_path: Path) -> None:
    """Nothing of the public interface is ``Any`` by accident: each wrong use is found."""
    done = mypy(environment, tmp_path / "wrong.py", WRONG_FILE)
    lines = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}

    assert lines == {5, 6, 7, 8, 9}, done.stdout
