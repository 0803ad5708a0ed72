"""The sections of the page about what came of the run: the package's files, the receipt, and how to run it again."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specstep_flows._facts import generation_facts
from specstep_flows._html import EMPTY, Html, element, escaped, joined
from specstep_flows._text import counted, size
from specstep_flows.report.markdown import rendered
from specstep_flows.report.receipt import receipt
from specstep_flows.report.sections import still, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from specstep_flows._facts import Fact
    from specstep_flows.report.collect import Collected
    from specstep_flows.report.contents import Contents, ShownFile


def generations(collected: Collected) -> Html:
    """All generations that one kickoff started, where there are several."""
    if not collected.family:
        return EMPTY
    files = {package.generation_id: Path(package.file).name for package in collected.packages}
    known = [generation for generation in (collected.generation, *collected.family) if generation is not None]
    facts = [{fact.label: fact for fact in generation_facts(generation)} for generation in known]
    # A column for each fact that one of them has, in the order of the longest list.
    labels = dict.fromkeys(label for row in sorted(facts, key=len, reverse=True) for label in row)
    rows = [
        [*(_cell(row.get(label)) for label in labels), files.get(str(generation.id), "")]
        for generation, row in zip(known, facts, strict=True)
    ]
    heads = [*(f"{label[:1].upper()}{label[1:]}" for label in labels), "Package"]
    note = "What one kickoff started. A parent has no package of its own, and costs what its children cost."
    return joined([table(heads, rows, "Generations", is_named=True, class_="ids"), element("p", note, class_="note")])


def _cell(fact: Fact | None) -> Html:
    if fact is None:
        return EMPTY
    return element("code", fact.text) if fact.is_code else escaped(still(fact.text))


def package(collected: Collected) -> Html:
    """The file tree of the package, or of each one, each file folded under its name."""
    known = [package for package in collected.packages if package.contents is not None]
    if len(collected.packages) == 1:
        return joined(_files(package.contents, "file") for package in known if package.contents is not None)
    profiles = {
        str(generation.id): generation.review_profile
        for generation in (collected.generation, *collected.family)
        if generation is not None
    }
    parts: list[Html] = []
    for number, package in enumerate(known, 1):
        profile = profiles.get(package.generation_id or "")
        name = Path(package.file).name
        parts.append(element("h3", f"{profile}: {name}" if profile else name))
        if package.contents is not None:
            parts.append(_files(package.contents, f"package-{number}-file"))
    return joined(parts)


def _files(contents: Contents, prefix: str) -> Html:
    anchors = {file.path: f"{prefix}-{number}" for number, file in enumerate(contents.files) if file.text is not None}
    total = sum(file.size_bytes for file in contents.files)
    more = f" and {contents.more_files} more that are not listed" if contents.more_files else ""
    head = element("p", f"{counted(len(contents.files), 'file')}{more}, {size(total)} unpacked.")
    return joined([head, _folder(_tree(contents), anchors)])


def _tree(contents: Contents) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for file in contents.files:
        *folders, name = file.path.split("/")
        place = root
        for folder in folders:
            # A file and a folder of one name cannot both be in a package that was checked.
            place = place.setdefault(folder, {})
        place[name] = file
    return root


def _folder(tree: Mapping[str, Any], anchors: Mapping[str, str]) -> Html:
    """Folders come first, then files; both by name."""
    items = []
    for name, entry in sorted(tree.items(), key=lambda pair: (not isinstance(pair[1], dict), pair[0].casefold())):
        if isinstance(entry, dict):
            items.append(element("li", element("span", f"{name}/", class_="folder"), _folder(entry, anchors)))
        else:
            items.append(element("li", _file(name, entry, anchors)))
    return element("ul", *items, class_="tree")


def _file(name: str, file: ShownFile, anchors: Mapping[str, str]) -> Html:
    amount = element("span", size(file.size_bytes), class_="size")
    if file.text is None:
        return joined(
            [element("span", name, class_="file"), " ", amount, " ", element("span", file.why_not, class_="note")]
        )
    if file.path.casefold().endswith((".md", ".markdown")):
        body = element("div", rendered(file.text, file.path, anchors), class_="md document")
    else:
        body = element("pre", element("code", file.text), tabindex="0")
    return element(
        "details", element("summary", element("span", name, class_="file"), " ", amount), body, id=anchors[file.path]
    )


def receipt_table(collected: Collected) -> Html:
    """The receipt as a list, and as the JSON that stands beside the package."""
    found = receipt(collected)
    rows = [
        element("div", element("dt", name), element("dd", element("code", value)))
        for name, value in _flattened(found)
        if value is not None and not name.startswith(("answers", "packages", "generations"))
    ]
    text = json.dumps(found, indent=2, ensure_ascii=False)
    return joined(
        [
            element("dl", *rows, class_="receipt"),
            element("details", element("summary", "As JSON"), element("pre", element("code", text), tabindex="0")),
        ]
    )


def _flattened(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict):
            yield from _flattened(item, f"{name}.")
        elif isinstance(item, list):
            yield name, ", ".join(str(entry) for entry in item) or None
        else:
            yield name, None if item is None else str(item)


def reproduction(collected: Collected) -> Html:
    """The command and the Python that do the same again, and what will differ all the same."""
    record = collected.record
    messages = list(record.messages) or [turn.message for turn in record.turns if turn.message]
    options = record.options
    if not messages:
        return element(
            "p", "The generation was started elsewhere, so its interview is not on record here.", class_="note"
        )
    command = ["specstep", "run", messages[0]]
    for message in messages[1:]:
        command += ["--message", message]
    for path in record.attachments:
        command += ["--attach", path]
    for option, key in (("--profile", "profile"), ("--project-type", "project_type"), ("--mirror", "mirror_selection")):
        if chosen := getattr(options, key):
            command += [option, chosen]
    if record.answers:
        command += ["--answers", "answers.json"]
    arguments = [f"    {json.dumps(messages, ensure_ascii=False)},"]
    if record.attachments:
        arguments.append(f"    attachments={json.dumps(list(record.attachments), ensure_ascii=False)},")
    for key in ("profile", "project_type", "mirror_selection"):
        if chosen := getattr(options, key):
            arguments.append(f"    {key}={json.dumps(chosen)},")
    if record.answers:
        arguments.append('    on_question=AnswersFile.load(Path("answers.json")),')
    paths = "from pathlib import Path\n\n" if record.answers else ""
    names = "AnswersFile, SpecStep" if record.answers else "SpecStep"
    python = (
        f"{paths}from specstep_flows import {names}\n\nwith SpecStep() as specstep:\n    result = specstep.run(\n    "
        + ("\n    ".join(arguments) + "\n    )")
    )
    answers = {"answers": {str(item.get("question")): item.get("answer") for item in record.answers}}
    return joined(
        [
            element(
                "p",
                "The same brief starts the same kind of run, but the agents write other words, and it costs again.",
            ),
            element("h3", "In a shell"),
            _code(shlex.join(command)),
            element("h3", "In Python"),
            _code(python),
            joined([element("h3", "answers.json"), _code(json.dumps(answers, indent=2, ensure_ascii=False))])
            if record.answers
            else EMPTY,
        ]
    )


def _code(text: str) -> Html:
    return element("pre", element("code", escaped(text)), tabindex="0", class_="copy")
