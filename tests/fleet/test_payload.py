"""What a run takes along: what is submitted on one machine is sent from another, and nothing else is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from specstep_flows import RunStore, SpecStep, errors
from specstep_flows.answers import ProposedDefaults
from specstep_flows.answers_file import AnswersFile
from specstep_flows.callbacks import Brief
from specstep_flows.engine.clock import SystemClock
from specstep_flows.fleet.drive import Driver
from specstep_flows.fleet.files import FileStore
from specstep_flows.fleet.objects import ObjectFiles
from specstep_flows.fleet.payload import Payload, carried, pack, unpack
from specstep_flows.fleet.shared_files import reference_to
from specstep_flows.fleet.statuses import Row
from specstep_flows.models import Clarification, RunOptions
from specstep_flows.runs.records import RunRecord
from specstep_flows.sandbox import ManualClock, Sandbox
from specstep_flows.settings import Settings
from tests.kit.bench import options
from tests.kit.clocks import TurnedClock
from tests.kit.object_host import ObjectHost

RULES = """\
answers:
  "Should the portal have an API?": No API.
rules:
  - pattern: (?i)language
    agent: arch*
    answer: Python.
default:
  use: proposed
  answer: Use your best judgment.
"""


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FileStore]:
    """A fleet's files."""
    found = FileStore(tmp_path / "shared", scratch=tmp_path / "scratch")
    yield found
    found.close()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The machine of whoever submits: a brief, a document, rules."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "brief.md").write_text("A portal.")
    (folder / "notes.md").write_text("# Notes")
    (folder / "rules.yaml").write_text(RULES)
    return folder


def test_what_is_submitted_on_one_machine_is_sent_from_another(
    object_host: ObjectHost, mine: Path, tmp_path: Path
) -> None:
    """Brief, document and answers are files where they are submitted, and are gone when the run is driven elsewhere.

    Its package is in the object store, under the URL that the record has.
    """
    clock = ManualClock()
    with Sandbox(port=0, clock=clock, options=options()) as sandbox:
        store = RunStore(tmp_path / "state")
        submitter = ObjectFiles("s3://bucket/fleet", scratch=tmp_path / "one", **object_host.options())
        payload = pack(mine / "brief.md", mine / "notes.md", mine / "rules.yaml", submitter)
        record = payload.record(RunOptions(profile="Fast"), "order-1", sandbox.url)
        store.create(record)
        submitter.close()
        for file in mine.iterdir():
            file.unlink()
        worker = ObjectFiles("s3://bucket/fleet", scratch=tmp_path / "two", **object_host.options())
        assert payload.rules is not None
        policy = AnswersFile.parse(payload.rules, "rules", is_json=True)
        with SpecStep(
            sandbox.api_key, api_url=sandbox.url, store=store, clock=TurnedClock(clock), files=worker
        ) as client:
            result = client.resume("order-1", on_question=policy)
            assert result.interview_id is not None
            uploaded = client.list_documents(result.interview_id)
        worker.close()

    url = f"s3://bucket/fleet/{result.generation_id}.zip"
    assert (str(result.path), store.get("order-1").file) == (url, url)
    assert [(document.name, document.size_bytes) for document in uploaded] == [("notes.md", 7)]
    assert {answer.answer for answer in result.answers} == {"No API.", "Python."}
    names = (".specstep-fleet", f"content/{payload.documents[0].digest}", result.path.name)
    assert set(object_host.objects) == {f"/bucket/fleet/{name}" for name in names}


def test_the_same_submission_is_the_same_run(files: FileStore, mine: Path) -> None:
    """From whichever folder of whichever machine; another document under the same name is another."""
    first = pack(mine / "brief.md", mine / "notes.md", mine / "rules.yaml", files, policy="house")
    elsewhere = mine / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "notes.md").write_text("# Notes")
    again = pack("A portal.", elsewhere / "notes.md", mine / "rules.yaml", files, policy="house")
    (elsewhere / "notes.md").write_text("# Other notes")

    assert again == first
    assert first.record(RunOptions(), "r", "http://127.0.0.1:1").attachments == first.attachments
    assert pack("A portal.", elsewhere / "notes.md", files=files).attachments != first.attachments
    assert Payload.from_json(first.to_json()).documents == first.documents


def test_documents_are_unpacked_under_their_names(files: FileStore, mine: Path, tmp_path: Path) -> None:
    """Over no other file, and none that is damaged."""
    payload = pack("A portal.", [mine / "notes.md", mine / "brief.md"], files=files)
    paths = unpack(Payload.from_json(payload.to_json()), files, tmp_path / "got")

    assert [(path.name, path.read_text("utf-8")) for path in paths] == [
        ("notes.md", "# Notes"),
        ("brief.md", "A portal."),
    ]
    with pytest.raises(errors.OutputError, match="cannot be written"):
        unpack(payload, files, tmp_path / "got")
    (files.root / "content" / payload.documents[0].digest).write_text("# Changed")
    another = FileStore(files.root, scratch=tmp_path / "scratch")
    with pytest.raises(errors.UsageError, match="damaged, or was changed"):
        unpack(payload, another, tmp_path / "again")
    another.close()


def test_rules_mean_on_another_machine_what_they_mean_here(mine: Path) -> None:
    """Exact questions, patterns, agents, proposals and the default, in their order."""
    here = AnswersFile.load(mine / "rules.yaml")
    packed = pack("A portal.", answers=mine / "rules.yaml").rules
    assert packed is not None
    there = AnswersFile.parse(packed, "rules", is_json=True)
    questions = [
        Clarification("Should the portal have an API?", proposed_default="Yes."),
        Clarification("Which language?", agent="Architect"),
        Clarification("Which language?", agent="Designer", proposed_default="German."),
        Clarification("Which colour?"),
    ]

    given = [answer.answer for answer in there(questions)]
    assert given == [answer.answer for answer in here(questions)]
    assert given == ["No API.", "Python.", "German.", "Use your best judgment."]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"answers": "nowhere.yaml"}, "The answers file nowhere.yaml cannot be read"),
        ({"answers": {}}, "answers contains no answers"),
        ({"answers": {"Which?": ""}}, "an answer must be a string that is not empty"),
        ({"answers": lambda questions: []}, "`answers` is a callable, which cannot travel"),
        ({"answers": ProposedDefaults()}, "`answers` is a callable, which cannot travel"),
        ({"answers": 5}, "`answers` cannot be 5"),
        ({"answers": {"Which?": b"x"}}, "`answers` cannot be"),
        ({"policy": lambda questions: []}, "`policy` is a callable, which cannot travel"),
        ({"policy": "two words"}, "'two words' is no name of a policy"),
        ({"policy": ""}, "'' is no name of a policy"),
        ({"brief": Brief("A portal.", respondent=lambda reply, interview: None)}, "`respondent` is a callable"),
        ({"brief": "brief.md"}, "looks like the name of a file"),
        ({"brief": Path("nowhere.md")}, "The brief nowhere.md cannot be read"),
        ({"attachments": "nowhere.md"}, "nowhere.md cannot be read"),
    ],
)
def test_what_cannot_travel_is_said_where_it_is_submitted(files: FileStore, given: Any, said: str) -> None:
    """In the words that a user of one machine gets, and before anything is kept."""
    arguments = {"brief": "A portal.", "files": files, **given}
    with pytest.raises((errors.UsageError, errors.AnswersError), match=said):
        pack(**arguments)
    assert not files.root.exists()


def test_a_mistake_in_rules_is_said_with_its_line(mine: Path) -> None:
    """The sentence is that of a run on one machine."""
    (mine / "rules.yaml").write_text("rules:\n  - pattern: (\n    answer: x\n")
    with pytest.raises(errors.AnswersError) as here:
        AnswersFile.load(mine / "rules.yaml")
    with pytest.raises(errors.AnswersError) as there:
        pack("A portal.", answers=mine / "rules.yaml")

    assert str(there.value) == str(here.value)
    assert "line 2" in str(there.value)


def test_documents_need_a_place_and_names_of_their_own(files: FileStore, mine: Path) -> None:
    """As on one machine, two of one name are refused."""
    with pytest.raises(errors.UsageError, match="this fleet has none"):
        pack("A portal.", mine / "notes.md")
    (mine / "b").mkdir()
    (mine / "b" / "notes.md").write_text("# More")
    with pytest.raises(errors.UsageError, match="Two reference documents are called"):
        pack("A portal.", [mine / "notes.md", mine / "b" / "notes.md"], files=files)
    assert pack("A portal.") == Payload(("A portal.",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"documents": 5}',
        '{"documents": [{"name": "x"}]}',
        json.dumps({"documents": [{"name": "../x", "digest": "0" * 64, "size": 1}]}),
        json.dumps({"documents": [{"name": "x", "digest": "../../x", "size": 1}]}),
        "[" * 100_000,
    ],
)
def test_a_row_that_was_changed_is_refused(text: str) -> None:
    """No file is written, or read, that its words lead to."""
    with pytest.raises(errors.UsageError, match="Nothing was sent"):
        Payload.from_json(text)


def test_a_run_without_documents_reads_no_file(files: FileStore) -> None:
    """References are the only files that the record of a fleet's run names."""
    assert pack("A portal.", files=files).attachments == ()
    assert reference_to("0" * 64, "x") == f"content:{'0' * 64}/x"


def test_every_worker_can_answer_what_the_agents_propose() -> None:
    """By a name that no worker has to register; its own policies come first, and a name of nobody is said."""
    mine: Any = lambda questions: None  # noqa: E731
    driver = Driver(cast(Any, None), cast(Any, {}), Settings(api_key="sf_key"), {"mine": mine}, clock=SystemClock())

    def policy_of(name: str) -> Any:
        return driver._policy_of("r", Row("open", "team", name, None, None, 0, 0, "http://127.0.0.1:1"))

    assert policy_of("defaults") == ProposedDefaults()
    assert policy_of("mine") is mine
    with pytest.raises(errors.SettingsError, match=r"policy 'default'.* Did you mean 'defaults'"):
        policy_of("default")


def test_a_run_of_one_machine_can_be_carried_on_by_others(files: FileStore, mine: Path, tmp_path: Path) -> None:
    """What is not uploaded travels, and its package goes where the fleet's are; a finished run stays as it is."""
    both = (str(mine / "brief.md"), str(mine / "notes.md"))
    options = RunOptions(profile="Fast", output=str(tmp_path / "out.zip"), unpack=True)
    begun = RunRecord("r", "http://127.0.0.1:1", 0.0, 0.0, attachments=both, uploads=both[:1], options=options)
    on_its_way = attrs.evolve(begun, file=str(tmp_path / "out.zip"), sha256="0" * 64, stage="package")
    done = attrs.evolve(on_its_way, stage="done")
    digest = hashlib.sha256(b"# Notes").hexdigest()

    found = carried(on_its_way, files)
    assert found.attachments == (both[0], f"content:{digest}/notes.md")
    assert files.get_content(digest).read_bytes() == b"# Notes"
    assert (found.file, found.sha256, found.options) == (None, None, RunOptions(profile="Fast"))
    assert carried(done, files) == done
    with pytest.raises(errors.UsageError, match="are not uploaded yet"):
        carried(begun, None)
    uploaded = attrs.evolve(begun, uploads=both)
    assert carried(uploaded, None) == uploaded
