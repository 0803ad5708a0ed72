#!/usr/bin/env python3
"""Write the JSON Schemas of what the command prints and what a report leaves, docs/schemas/; --check compares them.

What is an attrs class of ours is described by that class; the rest is written down here. Each command has a schema of
its own, which allows for its failure. Members may be added while ``schema_version`` stays: no schema forbids them.
"""

from __future__ import annotations

import inspect
import json
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Final
from uuid import UUID

import attrs

from specstep_flows import events, models
from specstep_flows._course import Duration
from specstep_flows.cli.any_operation import Parameter
from specstep_flows.cli.commands.doctor import Finding
from specstep_flows.cli.estimate import Estimate
from specstep_flows.cli.output import _INNER, STATUS_WORDS, _snake
from specstep_flows.cli.terminal import SCHEMA_VERSION
from specstep_flows.fleet.desk import KeyInfo, WorkerInfo
from specstep_flows.fleet.statuses import Status
from specstep_flows.report.receipt import SCHEMA_VERSION as RECEIPT_VERSION
from specstep_flows.runs.records import RunRecord

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SITE: Final = "https://specstep-flows.github.io/specstep-flows/schemas/"

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
WHOLE: Final[Schema] = {"type": "integer"}
FLAG: Final[Schema] = {"type": "boolean"}
ID: Final[Schema] = {"type": "string", "format": "uuid"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
PATH: Final[Schema] = {"type": "string", "description": "A path of this machine, absolute; in a fleet a URL."}
USD: Final[Schema] = {"type": "number", "description": "US dollars."}
#: Whatever the service sends: its own fields, under its own names.
SERVICE: Final[Schema] = {"type": "object", "description": "As the service sends it.", "additionalProperties": True}
ANYTHING: Final[Schema] = {"description": "As the service sends it."}

PLAIN: Final[Mapping[Any, Schema]] = {
    str: TEXT,
    int: WHOLE,
    float: NUMBER,
    bool: FLAG,
    UUID: ID,
    datetime: TIME,
    Path: PATH,
    PurePath: PATH,
    object: {},
    Any: {},
}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: Schema) -> Schema:
    """A list of them."""
    return {"type": "array", "items": schema}


def record(about: str | None = None, optional: Sequence[str] = (), /, **members: Schema) -> Schema:
    """An object with these members, all of them there but the optional ones."""
    required = [name for name in members if name not in optional]
    head = {"description": about} if about else {}
    return {**head, "type": "object", "required": required, "properties": members}


def code(*words: str) -> Schema:
    """The word that says what came of it."""
    return {"const": words[0]} if len(words) == 1 else {"enum": list(words)}


class Classes:
    """The classes that a schema speaks of, each described once in models.json."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def of(self, kind: type) -> Schema:
        """A reference to a class, which is described."""
        name = kind.__name__
        if name not in self.found:
            self.found[name] = {}
            self.found[name] = self.described(kind)
        return {"$ref": f"models.json#/$defs/{name}"}

    def described(self, kind: type) -> Schema:
        """A class: its fields, but for those that are kept out of its ``repr``."""
        known = {**vars(models), **vars(events), **vars(sys.modules[kind.__module__]), **NAMES}
        hints = typing.get_type_hints(kind, known)
        fields = [field for field in attrs.fields(kind) if field.repr]
        members = {field.name: self.typed(hints[field.name]) for field in fields}
        return record(first_sentences(kind), **members)

    def typed(self, hint: Any) -> Schema:
        """What a field's type allows."""
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            rest = [one for one in inner if one is not type(None)]
            schema = self.typed(rest[0]) if len(rest) == 1 else {"anyOf": [self.typed(one) for one in rest]}
            return or_null(schema) if len(rest) < len(inner) else schema
        if origin is typing.Literal:
            return {"enum": list(inner)}
        if origin is tuple and Ellipsis not in inner:
            return {"type": "array", "prefixItems": [self.typed(one) for one in inner]}
        if origin is not None and issubclass(origin, Mapping):
            values = self.typed(inner[1])
            return {"type": "object", "additionalProperties": values or True}
        if origin is not None and issubclass(origin, Sequence | Set):
            return listed(self.typed(inner[0]))
        if attrs.has(hint):
            return self.of(hint)
        return dict(PLAIN[hint])


NAMES: Final = {
    "Mapping": Mapping,
    "Sequence": Sequence,
    "UUID": UUID,
    "Path": Path,
    "datetime": datetime,
    "Any": Any,
    "Bucket": str,
    "Verdict": typing.Literal["ok", "warn", "fail", "info"],
    "Intent": object,
    "TurnRecord": object,
}


def first_sentences(kind: type) -> str:
    """The first paragraph of a docstring, without reStructuredText."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split()).replace("``", "`").removesuffix("::")


def run_members(classes: Classes, *, with_history: bool) -> dict[str, Schema]:
    """A run as its record has it."""
    known = classes.described(RunRecord)["properties"]
    bare = {name: schema for name, schema in known.items() if name not in (*_INNER, "run_id", "history")}
    look = record(
        "A look at the generation.",
        ("state", "cost_usd", "moments", "began_at", "started_at", "ended_at"),
        at=TIME,
        state=or_null(TEXT),
        cost_usd=or_null(USD),
        began_at=TIME,
        started_at=TIME,
        ended_at=TIME,
        moments=listed(record(at=TIME, state=TEXT)),
    )
    return {
        "run_id": TEXT,
        "status": {"enum": list(STATUS_WORDS)},
        **bare,
        **({"history": listed({**look, "additionalProperties": True})} if with_history else {}),
        "total_cost_usd": or_null(USD),
        "duration": or_null(duration_of()),
        "turns": listed(record(message=TEXT, reply=or_null(TEXT), done=FLAG)),
    }


def duration_of() -> Schema:
    """How long it took."""
    about = "From the kickoff to the end, or to the last look."
    return record(about, **dict.fromkeys(Duration().document, NUMBER))


def failure() -> Schema:
    """A failure of any command."""
    details = {
        "operation": {**TEXT, "description": "The operationId of the request that failed."},
        "request": {**TEXT, "description": "Its method and path."},
        "status": {**WHOLE, "description": "The HTTP status."},
        "problem_type": {**TEXT, "description": "The service's own word."},
        "retry_after": {**NUMBER, "description": "Seconds."},
        "category": TEXT,
        "retry_makes_sense": FLAG,
        "spent_usd": USD,
        "limit_usd": USD,
        "questions": listed({"$ref": "models.json#/$defs/Clarification"}),
        "candidates": listed(ID),
        **{name: {"type": ["string", "number"]} for name in ("tier", "limit", "used", "reset")},
        "generation_id": ID,
        "answers": listed({"$ref": "models.json#/$defs/Answer"}),
        "event": code("failed"),
    }
    return record(
        "A failure. `code` is the error's, see the page about codes; a detail that is not known is left out.",
        tuple(details),
        code={**TEXT, "not": {"enum": ["done", "dry_run", "answered", "questions", "serving"]}},
        message=TEXT,
        exit_code={"enum": [1, 2, 3, 4, 5, 6, 7, 8, 70, 130]},
        run_id=or_null(TEXT),
        resume_command=or_null({**TEXT, "description": "What continues the run."}),
        **details,
    )


def commands(classes: Classes) -> Iterator[tuple[str, list[Schema]]]:
    """What each command may print with ``--json``, beside a failure."""
    of = classes.of
    result = {**classes.described(models.RunResult)["properties"]}
    whole = record("A package on disk.", code=code("done"), **result)
    plain = {name: result[name] for name in ("path", "sha256", "size_bytes", "unpacked_to", "project_name")}
    quick = record(
        "A package without a run.",
        code=code("done"),
        run_id={"type": "null"},
        generation_id=or_null(ID),
        package_id=ID,
        **plain,
    )
    changed = record(code=code("done"), run_id=or_null(TEXT), generation=of(models.Generation))
    before_paying = {"usage": or_null(SERVICE), "estimate": or_null(of(Estimate))}
    dry = record(
        "With --dry-run.",
        code=code("dry_run"),
        account=of(models.Account),
        **before_paying,
        brief=record(source=TEXT, characters=WHOLE),
        turns=WHOLE,
        attachments=listed(PATH),
        profile=TEXT,
        output=PATH,
    )
    yield "run", [whole, dry]
    for name in ("resume", "interview"):
        yield name, [whole]
    update = {**dry["properties"], "generation_id": ID, "run_id": or_null(TEXT)}
    yield "update", [whole, record("With --dry-run; `run_id` where it was begun before.", **update)]
    yield "download", [whole, quick]
    yield "runs", [record(runs=listed(record(**run_members(classes, with_history=False))))]
    for name in ("show", "adopt"):
        yield name, [record(**run_members(classes, with_history=True))]
    yield "forget", [record(code=code("forgotten"), run_id=TEXT, generation_id=or_null(ID))]
    yield "watch", [changed]
    answers = {"run_id": or_null(TEXT), "generation_id": ID}
    yield (
        "answer",
        [
            record("Sent.", code=code("answered"), **answers, answers=listed(of(models.Answer))),
            record("With --list.", code=code("questions"), **answers, questions=listed(of(models.Clarification))),
        ],
    )
    differences = classes.described(models.PackageChanges)["properties"]
    yield "diff", [record(None, ("patch",), code=code("same", "different"), **differences, patch=TEXT)]
    yield "report", [record(run_id=TEXT, report=PATH, receipt=or_null(PATH), gaps=listed(TEXT))]
    yield "cancel", [changed]
    guess = {**classes.described(models.ServiceEstimate)["properties"], "raw": SERVICE}
    yield (
        "estimate",
        [
            record(
                code=code("estimate"),
                profile=TEXT,
                plan=or_null(TEXT),
                **before_paying,
                service_estimate=record(**guess),
            )
        ],
    )
    yield "doctor", [_doctor(of)]
    yield "api", _api(of)
    variables = dict.fromkeys(("specstep_api_url", "specstep_api_key", "specstep_clock_speed"), TEXT)
    yield "sandbox", [record("Once it serves.", code=code("serving"), **variables)]
    yield from _generation_commands(of, changed)
    yield from _package_commands(of, classes)
    yield from _webhook_commands(of)
    yield from _fleet_commands(classes)


def _doctor(of: Any) -> Schema:
    return record(
        None,
        ("service",),
        code=code("ok", "failed"),
        exit_code=WHOLE,
        settings=listed(record(name=TEXT, value=TEXT, source=TEXT)),
        checks=listed(of(Finding)),
        service=SERVICE,
    )


def _api(of: Any) -> list[Schema]:
    return [
        record("The answer.", operation=TEXT, answer=ANYTHING),
        record("With --output.", operation=TEXT, file=PATH),
        record("With --describe.", operation=TEXT, parameters=listed(of(Parameter)), asks_first=or_null(TEXT)),
        record(
            "Without an operation.",
            operations=listed(record(name=TEXT, tag=TEXT, note=or_null(code("costs", "destroys", "browser only")))),
        ),
    ]


def _generation_commands(of: Any, changed: Schema) -> Iterator[tuple[str, list[Schema]]]:
    yield "generation list", [record(generations=listed(of(models.GenerationRow)))]
    yield "generation show", [record(generation=of(models.Generation))]
    for name in ("pause", "resume", "cancel"):
        yield f"generation {name}", [changed]
    for name in ("retry", "update"):
        yield f"generation {name}", [record(code=code("started"), generation_id=ID)]
    named = record(code=code("done"), run_id=or_null(TEXT), generation_id=ID, name=or_null(TEXT))
    yield "generation name", [named]
    yield "generation conversation", [record(items=listed(of(models.ConversationItem)))]
    yield "generation events", [record(events=listed(SERVICE))]


def _package_commands(of: Any, classes: Classes) -> Iterator[tuple[str, list[Schema]]]:
    for name, rows in {
        "list": "packages",
        "files": "files",
        "search": "results",
        "addenda": "addenda",
        "audiences": "audiences",
        "explanations": "explanations",
    }.items():
        yield f"package {name}", [record(**{rows: listed(SERVICE)})]
    yield "package show", [record(package=SERVICE)]
    yield "package file", [record(path=TEXT, text=TEXT)]
    yield "package deliver", [record(delivery=SERVICE)]
    saved = classes.described(models.SavedFile)["properties"]
    for name, kind, left_out in (
        ("addendum", models.DraftedAddendum, ("id", "saved")),
        ("explain", models.Explanation, ("saved",)),
    ):
        fields = {key: one for key, one in classes.described(kind)["properties"].items() if key not in left_out}
        if name == "addendum":
            fields = {"addendum_id": ID, **fields}
        member = {"addendum" if name == "addendum" else "explanation": record(**fields)}
        yield f"package {name}", [record(None, tuple(saved), code=code("done"), **member, **saved)]
    for name in ("download-addendum", "download-explanation"):
        yield f"package {name}", [record(code=code("done"), **saved)]
    places = {"type": "object", "additionalProperties": TEXT}
    yield (
        "package migrate",
        [
            record(code=code("done"), migration=of(models.Migration), target_path_overrides=places),
            record(
                "With --dry-run.",
                code=code("dry_run"),
                preview=of(models.MigrationPreview),
                target_path_overrides=places,
                conflicting_target_paths=listed(TEXT),
                impossible_target_paths=listed(TEXT),
            ),
        ],
    )


def _webhook_commands(of: Any) -> Iterator[tuple[str, list[Schema]]]:
    yield "webhook list", [record(webhooks=listed(SERVICE))]
    for name in ("create", "rotate"):
        yield f"webhook {name}", [record("Its secret is shown this once.", webhook=SERVICE)]
    yield "webhook delete", [record(code=code("done"), webhook_id=TEXT)]
    yield "webhook test", [record(delivery=SERVICE)]
    serving = record(
        "Once it listens.",
        ("signing_secret",),
        code=code("serving"),
        webhook_id=TEXT,
        url=TEXT,
        address=TEXT,
        signing_secret=TEXT,
    )
    printed = record("With --print, for each delivery.", event=TEXT, at=TIME, delivery_id=TEXT, body=SERVICE)
    yield "webhook listen", [serving, printed]
    row = record(
        delivery_id=TEXT,
        received_at=TIME,
        event=or_null(TEXT),
        generation_id=or_null(ID),
        receiver=or_null(TEXT),
        outcome=TEXT,
        attempts=WHOLE,
    )
    yield "webhook deliveries", [record(deliveries=listed(row))]
    yield "webhook resend", [record(code=code("done"), delivery_id=TEXT, status=WHOLE)]


def _fleet_commands(classes: Classes) -> Iterator[tuple[str, list[Schema]]]:
    def run(*, with_history: bool) -> Schema:
        return record(
            "A run of a fleet.",
            run_id=TEXT,
            status={"enum": list(typing.get_args(Status))},
            key=or_null(TEXT),
            policy=or_null(TEXT),
            wanted=or_null(code("cancel")),
            worker=or_null(TEXT),
            wake_at=or_null(TIME),
            failures=WHOLE,
            questions=listed(classes.of(models.Clarification)),
            key_refusal=or_null(TEXT),
            waiting_for=or_null({**TEXT, "description": "Why nobody drives it."}),
            record=record("As `specstep show` has it.", **run_members(classes, with_history=with_history)),
        )

    listed_run = run(with_history=False)
    yield "fleet init", [record(code=code("done"), version=TEXT)]
    yield "fleet check", [record(checks=listed(record(name=TEXT, is_fit=FLAG, text=TEXT)), is_fit=FLAG)]
    yield "fleet runs", [record(runs=listed(listed_run))]
    yield "fleet show", [run(with_history=True)]
    for name, word in {"submit": "submitted", "answer": "answered", "cancel": "done", "resume": "done"}.items():
        found = [record(code=code(word), run=listed_run)]
        if name == "answer":
            questions = listed(classes.of(models.Clarification))
            found.append(record("With --list.", code=code("questions"), run_id=TEXT, questions=questions))
        yield f"fleet {name}", found
    yield "fleet work", [record("At its end.", code=code("drained"))]
    yield "fleet workers", [record(workers=listed(classes.of(WorkerInfo)))]
    yield "fleet drain", [record(code=code("done"), worker=classes.of(WorkerInfo))]
    yield "fleet limits", [record(keys=listed(classes.of(KeyInfo)))]
    left = record(run_id=TEXT, code=TEXT, message=TEXT)
    yield "fleet import", [record(code=code("imported"), runs=listed(listed_run), left=listed(left))]


def event_lines(classes: Classes) -> list[Schema]:
    """Every line that ``--events`` writes."""
    lines = []
    for name in events.__all__:
        kind = getattr(events, name)
        if kind is not events.Event:
            known = classes.described(kind)
            members = {"event": code(_snake(name)), "at": TIME, **known["properties"]}
            lines.append(record(known.get("description"), **members))
    result = classes.described(models.RunResult)["properties"]
    ends = {"event": code("finished"), "code": code("done")}
    lines.append(record("The result of a run, last.", ("at",), **ends, at=TIME, **result))
    watched = record("What `watch` ends with.", ("at",), **ends, at=TIME, generation=classes.of(models.Generation))
    plain = {name: result[name] for name in ("path", "sha256", "size_bytes", "unpacked_to", "project_name")}
    lines.append(watched)
    lines.append(
        record(
            "A package without a run.",
            ("at",),
            **ends,
            at=TIME,
            run_id={"type": "null"},
            generation_id=or_null(ID),
            package_id=ID,
            **plain,
        )
    )
    lines.append({"$ref": "failure.json", "required": ["event"]})
    return lines


def receipt_of() -> Schema:
    """``NAME-receipt.json``."""
    ids = {name: or_null(ID) for name in ("interview_id", "intake_artifact_id", "generation_id")}
    return record(
        "The receipt of a run, beside its report.",
        run_id=TEXT,
        written_at=TIME,
        made_by=TEXT,
        api_url=TEXT,
        is_sandbox=FLAG,
        stage=TEXT,
        project_name=or_null(TEXT),
        **ids,
        generation_ids=listed(ID),
        package_id=or_null(ID),
        review_profile=or_null(TEXT),
        state=or_null(TEXT),
        failure_category=or_null(TEXT),
        started_at=or_null(TIME),
        completed_at=or_null(TIME),
        duration=or_null(duration_of()),
        as_of=or_null(TIME),
        cost=record(
            "US dollars.",
            **{
                name: or_null(NUMBER)
                for name in ("total_usd", "last_generation_usd", "earlier_attempts_usd", "forecast_usd", "limit_usd")
            },
        ),
        answers=listed(record(**{name: or_null(TEXT) for name in ("question", "answer", "rule", "generation_id")})),
        package=record(
            file=or_null(PATH),
            size_bytes=or_null(WHOLE),
            sha256=or_null(TEXT),
            is_unchanged_on_disk=or_null(FLAG),
            files=or_null(WHOLE),
        ),
        generations=listed(
            record(generation_id=or_null(ID), review_profile=or_null(TEXT), state=or_null(TEXT), cost_usd=or_null(USD))
        ),
        packages=listed({"type": "object", "additionalProperties": True}),
    )


def versioned(schema: Schema, version: int) -> Schema:
    """A document: the version of its kind comes first."""
    members = {"schema_version": {"const": version}, **schema["properties"]}
    return {**schema, "required": ["schema_version", *schema["required"]], "properties": members}


def documents() -> dict[str, Schema]:
    """Every schema by the name of its file."""
    classes = Classes()
    found: dict[str, Schema] = {}
    for name, answers in commands(classes):
        either = [*(versioned(one, SCHEMA_VERSION) for one in answers), {"$ref": "failure.json"}]
        found[name.replace(" ", "-")] = {"title": f"specstep {name} --json", "anyOf": either}
    lines = [versioned(one, SCHEMA_VERSION) if "properties" in one else one for one in event_lines(classes)]
    found["events"] = {"title": "A line of specstep … --events", "anyOf": lines}
    found["failure"] = {"title": "A failure, with --json or --events", **versioned(failure(), SCHEMA_VERSION)}
    found["receipt"] = {"title": "NAME-receipt.json", **versioned(receipt_of(), RECEIPT_VERSION)}
    classes.of(models.Clarification)
    classes.of(models.Answer)
    found["models"] = {"title": "What the other schemas speak of", "$defs": dict(sorted(classes.found.items()))}
    return {name: {"$schema": DIALECT, "$id": f"{SITE}{name}.json", **schema} for name, schema in found.items()}


def main(arguments: list[str]) -> int:
    """Write or check the files; the exit code."""
    wanted = {f"{name}.json": json.dumps(schema, indent=2) + "\n" for name, schema in documents().items()}
    if "--check" in arguments:
        there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
        if wrong := sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name)):
            print(f"{', '.join(wrong)}: not what the code says; run scripts/document_schemas.py.")
        return 1 if wrong else 0
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
