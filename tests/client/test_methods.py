"""Each method of the clients that is one operation: over HTTP, against one sandbox, with what it returns."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import ProposedDefaults, RunStore, SpecStep, errors, models
from specstep_flows.sandbox import Fault, ManualClock, Sandbox, SandboxOptions
from tests.client.conftest import Both
from tests.conftest import TurnedClock
from tests.kit.api import op
from tests.kit.tiers import one_in

#: A person's token; a key may not make keys.
TOKEN = "oat_of_a_person"


@attrs.define
class World:
    """What is there to be listed, read, changed and deleted, on a sandbox of its own."""

    sandbox: Sandbox
    client: SpecStep
    folder: Path
    interview: UUID
    generation: UUID
    package: UUID
    api_key: UUID

    def webhook(self) -> UUID:
        """A new webhook."""
        return self.client.create_webhook(self.api_key, "https://example.com/hook", ["generation.completed"]).id

    def archive(self) -> Path:
        """A zip of documents."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("README.md", "# A portal\n")
            archive.writestr("notes/odd.txt", "Odd.\n")
        path = self.folder / "documents.zip"
        path.write_bytes(content.getvalue())
        return path

    def new_package(self, *, deleted: bool = False) -> UUID:
        """A package of migrated documents, perhaps in the recycle bin."""
        upload = self.client.call("preview_doc_migration", body=_upload(self.archive()))
        assert upload.classified_count
        made = self.client.call("commit_doc_migration", body=_commit(self.archive()))
        if deleted:
            self.client.delete_package(made.package_id)
        return UUID(str(made.package_id))

    def new_interview(self, *, deleted: bool = False) -> UUID:
        """An interview, perhaps in the recycle bin."""
        interview = self.client.start_interview().id
        self.client.say(interview, "A portal.")
        if deleted:
            self.client.delete_interview(interview)
        return interview

    def new_generation(self, *, deleted: bool = False) -> UUID:
        """A generation that was cancelled, perhaps in the recycle bin."""
        generation = self.client.start_generation(self.client.complete_interview(self.new_interview()))
        self.client.cancel_generation(generation)
        if deleted:
            self.client.delete_generation(generation)
        return generation

    def provider_key(self) -> str:
        """A provider whose key is set."""
        self.client.set_provider_key("anthropic", "sk-2")
        return "anthropic"

    def deliverable(self) -> UUID:
        """The package, when there is a repository to deliver it to."""
        self.client.update_source_control_preferences(repository="acme/portal", base_branch="main")
        return self.package

    def feedback(self) -> models.Feedback:
        """A new feedback about the package."""
        finding = models.FeedbackFinding(
            "low", "Scope", "Two goals.", typed_evidence=(models.TypedEvidence("route", '{"url": "/x"}'),)
        )
        return self.client.create_feedback(
            "package_quality",
            "Good",
            "It can be built.",
            package_id=self.package,
            structured_findings=[finding],
            rubric_scores={"clarity": 4},
            tags=["portal"],
            transcript_evidence=["I want a portal."],
        )


def _upload(path: Path) -> Any:
    from specstep_client.models.doc_migration_upload import DocMigrationUpload
    from specstep_client.types import File

    return DocMigrationUpload(file=File(io.BytesIO(path.read_bytes()), path.name, "application/zip"))


def _commit(path: Path) -> Any:
    from specstep_client.models.doc_migration_commit_upload import DocMigrationCommitUpload
    from specstep_client.types import File

    return DocMigrationCommitUpload(file=File(io.BytesIO(path.read_bytes()), path.name, "application/zip"))


def _manual(sandbox: Sandbox) -> ManualClock:
    assert isinstance(sandbox.clock, ManualClock)
    return sandbox.clock


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A sandbox on which a whole run has been done."""
    options = SandboxOptions(requests_per_minute=None, kickoffs_per_minute=None, keys={TOKEN: "ada"})
    folder = tmp_path_factory.mktemp("methods")
    with Sandbox(port=0, options=options, clock=ManualClock()) as sandbox:
        clock = TurnedClock(_manual(sandbox))
        with SpecStep(
            TOKEN,
            api_url=sandbox.url,
            clock=clock,
            store=RunStore.in_memory(),
            limits={"standard": None, "kickoff": None},
        ) as client:
            result = client.run("A portal.", output=folder, on_question=ProposedDefaults())
            assert result.interview_id is not None
            key = client.list_api_keys()[0].id
            yield World(sandbox, client, folder, result.interview_id, result.generation_id, result.package_id, key)


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, world: World) -> Any:
    """Both clients, one after the other, on the same sandbox."""
    return Both(request.param, world.sandbox, TurnedClock(_manual(world.sandbox)), api_key=TOKEN)


Given = Callable[[World], Any]
#: The method (one operation of the same name, if no other is given), its arguments, and what its result must be.
CASES: list[tuple[str, Given, Callable[[Any, World], object]]] = [
    ("get_my_analytics", lambda w: (), lambda r, w: r.generation_count >= 1 and r.raw["generation_count"] >= 1),
    ("get_my_organization", lambda w: (), lambda r, w: r is None or r.name == "Acme"),
    ("list_provider_keys", lambda w: (), lambda r, w: isinstance(r, list)),
    ("set_provider_key", lambda w: ("openai", "sk-1"), lambda r, w: w.client.list_provider_keys()),
    (
        "delete_provider_key",
        lambda w: (w.provider_key(),),
        lambda r, w: "anthropic" not in {key.provider for key in w.client.list_provider_keys()},
    ),
    ("list_notifications", lambda w: (), lambda r, w: all(isinstance(one, models.Notification) for one in r)),
    ("get_notification_preferences", lambda w: (), lambda r, w: r.email in (True, False)),
    ("update_notification_preferences", lambda w: {"email": False, "sms": True}, lambda r, w: (r.email, r.sms)[1]),
    ("get_retention_preference", lambda w: (), lambda r, w: isinstance(r, models.RetentionPreference)),
    ("update_retention_preference", lambda w: (40,), lambda r, w: r.default_retention_days == 40),
    ("list_permissions", lambda w: (), lambda r, w: "projects.read" in {one.code for one in r}),
    ("list_api_keys", lambda w: (), lambda r, w: w.api_key in {one.id for one in r} and not r[0].raw_key),
    (
        "create_api_key",
        lambda w: {"name": "ci", "scopes": ["projects.read"]},
        lambda r, w: r.raw_key.startswith("sf_") and r.scopes == ("projects.read",) and r.raw_key not in repr(r),
    ),
    ("rotate_api_key", lambda w: (w.client.create_api_key("old").id,), lambda r, w: r.last_rotated_at and r.raw_key),
    (
        "update_api_key_scopes",
        lambda w: (w.client.create_api_key("narrow", scopes=["projects.read"]).id, None),
        lambda r, w: [one.scopes for one in w.client.list_api_keys() if one.name == "narrow"][-1] is None,
    ),
    (
        "create_webhook",
        lambda w: (w.api_key, "https://example.com/hook", "generation.completed"),
        lambda r, w: r.signing_secret and r.signing_secret not in repr(r) and r.events == ("generation.completed",),
    ),
    ("list_webhooks", lambda w: [w.webhook(), (w.api_key,)][1], lambda r, w: r and r[0].signing_secret is None),
    (
        "delete_webhook",
        lambda w: (w.api_key, w.webhook()),
        lambda r, w: r is None,
    ),
    ("rotate_webhook_secret", lambda w: (w.api_key, w.webhook()), lambda r, w: r.signing_secret),
    ("test_webhook", lambda w: (w.api_key, w.webhook()), lambda r, w: r.success in (True, False) and r.delivery_id),
    ("list_interviews", lambda w: {"status": "complete"}, lambda r, w: w.interview in {one.id for one in r}),
    (
        "list_deleted_interviews",
        lambda w: [w.new_interview(deleted=True), ()][1],
        lambda r, w: r and r[0].started_at.tzinfo is not None,
    ),
    ("delete_interview", lambda w: (w.new_interview(),), lambda r, w: r is None),
    ("restore_interview", lambda w: (w.new_interview(deleted=True),), lambda r, w: r is None),
    ("purge_interview", lambda w: (w.new_interview(deleted=True),), lambda r, w: r is None),
    ("list_intake_artifacts", lambda w: (), lambda r, w: w.interview in {one.interview_id for one in r}),
    (
        "list_deleted_generations",
        lambda w: [w.new_generation(deleted=True), ()][1],
        lambda r, w: r and r[0].is_terminal,
    ),
    ("delete_generation", lambda w: (w.new_generation(),), lambda r, w: r is None),
    ("restore_generation", lambda w: (w.new_generation(deleted=True),), lambda r, w: r is None),
    ("purge_generation", lambda w: (w.new_generation(deleted=True),), lambda r, w: r is None),
    ("list_packages", lambda w: (), lambda r, w: w.generation in {one.generation_id for one in r}),
    ("list_deleted_packages", lambda w: [w.new_package(deleted=True), ()][1], lambda r, w: r[0].generation_id is None),
    ("delete_package", lambda w: (w.new_package(),), lambda r, w: r is None),
    ("restore_package", lambda w: (w.new_package(deleted=True),), lambda r, w: r is None),
    ("purge_package", lambda w: (w.new_package(deleted=True),), lambda r, w: r is None),
    (
        "get_package_file",
        lambda w: (w.package, w.client.list_package_files(w.package)[0].path),
        lambda r, w: r.text and r.content == r.text.encode() and r.content_type,
    ),
    (
        "search_package",
        lambda w: {"package_id": w.package, "query": "portal", "limit": 3},
        lambda r, w: r and all("portal" in one.text[begin:end].lower() for one in r for begin, end in one.spans),
    ),
    (
        "search_packages",
        lambda w: ("portal",),
        lambda r, w: w.package in {one.package_id for one in r} and r[0].files[0].spans and r[0].total_hit_count,
    ),
    ("list_addenda", lambda w: (w.package,), lambda r, w: r == []),
    ("list_explanations", lambda w: (w.package,), lambda r, w: r == []),
    ("list_explain_audiences", lambda w: (), lambda r, w: "executive" in {one.slug for one in r}),
    (
        "preview_doc_migration",
        lambda w: (w.archive(),),
        lambda r, w: {one.source_path for one in r.mapping} == {"README.md", "notes/odd.txt"},
    ),
    (
        "update_source_control_preferences",
        lambda w: {"repository": "acme/portal", "base_branch": None},
        lambda r, w: r.repository == "acme/portal",
    ),
    ("get_source_control_preferences", lambda w: (), lambda r, w: isinstance(r, models.SourceControlPreferences)),
    (
        "deliver_package",
        lambda w: (w.deliverable(),),
        lambda r, w: r.raw,
    ),
    ("get_status_summary", lambda w: (), lambda r, w: r.overall and r.services and r.generated_at.tzinfo),
    ("get_status_uptime", lambda w: {"days": 7}, lambda r, w: r.days == 7),
    ("get_status_history", lambda w: {"limit": 2}, lambda r, w: isinstance(r, list)),
    ("subscribe_to_status", lambda w: ("ada@example.com",), lambda r, w: r.message),
    ("get_package_schema", lambda w: (w.client.get_capabilities().schema_version,), lambda r, w: r["$schema"]),
    ("get_intake_schema", lambda w: (w.client.get_capabilities().schema_version,), lambda r, w: r["$schema"]),
    (
        "create_bug_report",
        lambda w: {"title": "Broken", "description": "It is.", "related_generation_id": str(w.generation)},
        lambda r, w: r.related_generation_id == w.generation and r.severity == "medium",
    ),
    (
        "list_my_bug_reports",
        lambda w: [w.client.create_bug_report("B", "It is."), {"limit": 1}][1],
        lambda r, w: len(r) == 1,
    ),
    (
        "get_bug_report",
        lambda w: (w.client.create_bug_report("Broken", "It is.", severity="high").id,),
        lambda r, w: r.severity == "high",
    ),
    ("create_feedback", lambda w: ("other", "Well", "All well."), lambda r, w: r.full_report == "All well."),
    ("list_my_feedback", lambda w: [w.feedback(), {"limit": 1}][1], lambda r, w: r[0].finding_count == 1),
    (
        "get_feedback",
        lambda w: (w.feedback().id,),
        lambda r, w: r.structured_findings[0].typed_evidence[0].kind == "route" and r.rubric_scores == {"clarity": 4},
    ),
    ("amend_feedback", lambda w: {"feedback_id": w.feedback().id, "title": "B"}, lambda r, w: r.title == "B"),
    ("list_feedback_templates", lambda w: (), lambda r, w: "api-doc-quality" in {one.id for one in r}),
    (
        "get_feedback_template",
        lambda w: attrs.astuple(w.client.list_feedback_templates()[0])[:2],
        lambda r, w: r.sections and r.sections[0].prompt,
    ),
    ("create_support_ticket", lambda w: ("Help", "Please."), lambda r, w: r.raw),
]


@pytest.mark.parametrize("case", one_in(8, range(len(CASES))), ids=lambda number: CASES[number][0])
def test_a_method_sends_its_operation_and_returns_our_class(client: Any, world: World, case: int) -> None:
    """One request of the operation that the method is named after, and a result of ours."""
    name, given, holds = CASES[case]
    arguments = given(world)
    before = len(world.sandbox.requests)

    result = getattr(client, name)(*arguments) if isinstance(arguments, tuple) else getattr(client, name)(**arguments)

    (sent,) = list(world.sandbox.requests)[before:]
    assert sent.operation is not None
    assert re.sub(r"\{.*?\}", "{}", sent.operation) == re.sub(r"\{.*?\}", "{}", op(name))
    assert holds(result, world)
    for one in result if isinstance(result, list) else [result]:
        assert not type(one).__module__.startswith("specstep_client")


def test_an_answer_without_a_body_says_nothing_that_is_not_so(client: Any, world: World) -> None:
    """A setting that was made is not shown as another, no organization is none, and a failure names its operation."""
    for name in ("update_retention_preference", "update_notification_preferences", "get_my_organization"):
        world.sandbox.faults.add(Fault(op(name), "empty", status=200))
    world.sandbox.faults.add(Fault(op("delete_package"), "html", status=200, times=None))

    assert client.update_retention_preference(90).default_retention_days == 90
    assert client.update_notification_preferences(email=False, sms=True).sms is True
    assert client.get_my_organization() is None
    with pytest.raises(errors.UnexpectedResponse) as caught:
        client.delete_package(world.package)
    assert caught.value.operation == "delete_package"


#: For a browser's session alone, with arguments that fit.
BROWSER_ONLY: list[tuple[str, tuple[Any, ...]]] = [
    ("get_extra_usage", ()),
    ("enable_extra_usage", ()),
    ("disable_extra_usage", ()),
    ("create_extra_usage_checkout", (20,)),
    ("list_extra_usage_transactions", ()),
    ("request_data_export", ()),
    ("request_account_deletion", ()),
    ("list_external_connectors", ()),
    ("list_external_folders", ("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04",)),
]


def test_what_is_for_browsers_alone_is_a_refusal_in_words(client: Any, world: World) -> None:
    """``PermissionDenied``, after one request each: the key is not to blame, and stays good."""
    for name, arguments in BROWSER_ONLY:
        before = len(world.sandbox.requests)
        with pytest.raises(errors.PermissionDenied, match="browser"):
            getattr(client, name)(*arguments)
        assert len(world.sandbox.requests) == before + 1
    assert client.get_account().user_id


def test_what_a_browser_gets_is_read(world: World) -> None:
    """The prepaid balance, its transactions, an export and the end of the account, by a session's cookie."""
    with Sandbox(port=0, clock=ManualClock()) as sandbox, SpecStep(sandbox.api_key, api_url=sandbox.url) as client:
        client._http.headers["Cookie"] = f"specstep_session={sandbox.state.session}"
        del client._http.headers["Authorization"]

        assert client.enable_extra_usage().enabled is True
        assert client.disable_extra_usage().enabled is False
        assert client.get_extra_usage().balance_usd is not None
        assert client.create_extra_usage_checkout(20).checkout_url.startswith("http")
        assert all(isinstance(one, models.ExtraUsageTransaction) for one in client.list_extra_usage_transactions())
        asked = client.request_data_export()
        assert (asked.request_id, asked.status) == (client.get_data_export_request().request_id, "queued")
        deletion = client.request_account_deletion()
        assert deletion.request_id == client.get_deletion_request().request_id


def test_what_needs_no_key_is_read_without_one(client: Any, world: World) -> None:
    """And nothing else is even sent."""
    client.key, client.options["anonymous"] = None, True
    template = client.list_feedback_templates()[0]

    assert client.get_status_summary().overall
    assert client.list_explain_audiences()
    assert client.get_feedback_template(template.id, template.version).sections
    before = len(world.sandbox.requests)
    with pytest.raises(errors.SettingsError):
        client.list_packages()
    assert len(world.sandbox.requests) == before


def test_a_lost_answer_is_not_a_second_webhook(client: Any, world: World) -> None:
    """It may have been made: whoever asked is told so, and asks the list."""
    before = len(client.list_webhooks(world.api_key))
    world.sandbox.faults.add(Fault(op("create_webhook"), "reset", commit=True))

    with pytest.raises(errors.ConnectionLost, match="not sent again"):
        client.create_webhook(world.api_key, "https://example.com/once", ["generation.failed"])

    assert len(client.list_webhooks(world.api_key)) == before + 1


def test_a_deletion_whose_answer_was_lost_is_one(client: Any, world: World) -> None:
    """The second attempt finds nothing, because the first one deleted it; what was never there is not found."""
    webhook = world.webhook()
    world.sandbox.faults.add(Fault(op("delete_webhook"), "reset", commit=True))

    client.delete_webhook(world.api_key, webhook)

    assert webhook not in {one.id for one in client.list_webhooks(world.api_key)}
    with pytest.raises(errors.NotFound):
        client.delete_webhook(world.api_key, webhook)


def test_only_what_is_in_the_recycle_bin_is_deleted_for_good(client: Any, world: World) -> None:
    """``Conflict``, and it is still there."""
    with pytest.raises(errors.Conflict):
        client.purge_package(world.package)

    assert client.get_package(world.package).id == world.package


def test_pages_are_fetched_while_they_are_read(client: Any, world: World) -> None:
    """A loop that ends early has fetched what it saw; ``limit`` and ``since`` end the list themselves."""
    first = client.list_packages(limit=1)[0]
    with SpecStep(TOKEN, api_url=world.sandbox.url, limits={"standard": None}) as specstep:
        before = len(world.sandbox.requests)
        rows = specstep.list_packages()
        assert len(world.sandbox.requests) == before
        assert next(rows).id == first.id
        assert len(world.sandbox.requests) == before + 1
        assert repr(rows) == "<Rows of list_packages>"
    late = datetime.fromtimestamp(world.sandbox.clock.now(), UTC) + timedelta(hours=1)
    assert client.iter_generations(since=late) == []
    assert world.generation in {row.id for row in client.iter_generations(status="complete")}


def test_an_id_that_is_none_is_refused_before_it_is_sent(client: Any, world: World) -> None:
    """As everywhere."""
    before = len(world.sandbox.requests)
    with pytest.raises(errors.UsageError, match="not an id"):
        client.list_addenda("no id")
    with pytest.raises(errors.UsageError, match="must not contain"):
        client.get_package_file(world.package, "docs/../../secret.md")
    assert len(world.sandbox.requests) == before
