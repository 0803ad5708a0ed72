"""The sections of the page about what came of the run: the package's files, the receipt, and how to run it again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from specstep_flows._facts import seconds_taken
from specstep_flows._html import EMPTY, Html, element, escaped, joined
from specstep_flows._paths import place_of
from specstep_flows._text import counted, duration, money, size, spaced
from specstep_flows.report.markdown import rendered
from specstep_flows.report.receipt import receipt
from specstep_flows.report.sections import profiles_of, still, table
from specstep_flows.states import is_fan_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.report.collect import Collected
    from specstep_flows.report.contents import Contents, ShownFile


def generations(collected: Collected) -> Html:
    """All generations that one kickoff started, where there are several."""
    if not collected.family:
        return EMPTY
    files = {package.generation_id: place_of(package.file).name for package in collected.packages}
    rows = [
        [
            one.review_profile,
            spaced(one.state),
            "" if (seconds := seconds_taken(one)) is None else still(duration(seconds)),
            "" if one.running_cost_usd is None else money(one.running_cost_usd),
            files.get(str(one.id), ""),
            element("code", str(one.id)),
        ]
        for one in (collected.generation, *collected.family)
        if one is not None
    ]
    heads = ("Profile", "State", "Time", "Cost", "Package", "Generation")
    parent = " Researcher has no package of its own, and its cost is the sum of the others."
    note = "Started by one request." + (parent if any(is_fan_out(row[0]) for row in rows) else "")
    return joined([table(heads, rows, "Generations", is_named=True, class_="ids"), element("p", note, class_="note")])


def package(collected: Collected) -> Html:
    """The file tree of the package, each file folded under its name; of several packages each tree is folded, too."""
    profiles = profiles_of(collected)
    parts: list[Html] = []
    for number, package in enumerate(collected.packages, 1):
        contents = package.contents
        if contents is None:
            continue
        if len(collected.packages) == 1:
            parts += [element("p", f"{_extent(contents)}."), _files(contents, "file")]
            continue
        profile, name = profiles.get(package.generation_id or ""), place_of(package.file).name
        summary = element(
            "summary",
            element("span", f"{profile}: {name}" if profile else name, class_="file"),
            " ",
            element("span", _extent(contents), class_="size"),
        )
        parts.append(element("details", summary, _files(contents, f"package-{number}-file")))
    return joined(parts)


def _extent(contents: Contents) -> str:
    total = sum(file.size_bytes for file in contents.files)
    more = f" and {contents.more_files} more that are not listed" if contents.more_files else ""
    return f"{counted(len(contents.files), 'file')}{more}, {size(total)} unpacked"


def _files(contents: Contents, prefix: str) -> Html:
    anchors = {file.path: f"{prefix}-{number}" for number, file in enumerate(contents.files) if file.text is not None}
    return _folder(_tree(contents), anchors)


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
        body = element("div", rendered(file.text, file.path, anchors, below=2), class_="md document")
    else:
        body = element("pre", element("code", file.text), tabindex="0")
    return element(
        "details", element("summary", element("span", name, class_="file"), " ", amount), body, id=anchors[file.path]
    )


def receipt_document(collected: Collected) -> Html:
    """The receipt as it is written next to the report, folded: it is for programs."""
    text = json.dumps(receipt(collected), indent=2, ensure_ascii=False)
    return element(
        "details",
        element("summary", "Ids, costs, answers and digests as JSON"),
        element("pre", element("code", text), tabindex="0"),
    )


def reproduction(collected: Collected) -> Html:
    """The command and the Python that do the same again, within the same limit, and what will differ all the same."""
    record = collected.record
    messages = list(record.messages) or [turn.message for turn in record.turns if turn.message]
    options = record.options
    if not messages:
        return element(
            "p", "The generation was started elsewhere, so its interview is not on record here.", class_="note"
        )
    updated = (options.continues or {}).get("generation_id")
    command = ["specstep", "run"] if updated is None else ["specstep", "update", updated]
    # A text may be called as a file is, or begin as an option does.
    command += [messages[0], "--text"] if not messages[0].startswith("-") else ["--text"]
    for message in messages[1:]:
        command += ["--message", message]
    for path in record.attachments:
        command += ["--attach", path]
    arguments = [] if updated is None else [f"    {json.dumps(updated)},"]
    arguments.append(f"    {json.dumps(messages, ensure_ascii=False)},")
    if record.attachments:
        arguments.append(f"    attachments={json.dumps(list(record.attachments), ensure_ascii=False)},")
    for flag, key in (("--profile", "profile"), ("--project-type", "project_type"), ("--mirror", "mirror_selection")):
        # An update takes those of its generation.
        if updated is None and (chosen := getattr(options, key)):
            command += [flag, chosen]
            arguments.append(f"    {key}={json.dumps(chosen)},")
    if options.max_cost_usd is not None:
        command += ["--max-cost", f"{options.max_cost_usd:g}"]
        arguments.append(f"    max_cost_usd={options.max_cost_usd:g},")
    if updated is not None:
        command.append("--again")
        arguments.append("    again=True,")
    if record.answers:
        command += ["--answers", "answers.json"]
        arguments.append('    on_question=AnswersFile.load(Path("answers.json")),')
    if messages[0].startswith("-"):
        command += ["--", messages[0]]
    paths = "from pathlib import Path\n\n" if record.answers else ""
    names = "AnswersFile, SpecStep" if record.answers else "SpecStep"
    verb = "run" if updated is None else "update"
    python = (
        f"{paths}from specstep_flows import {names}\n\nwith SpecStep() as specstep:\n    result = specstep.{verb}(\n"
        "    " + ("\n    ".join(arguments) + "\n    )")
    )
    answers = {"answers": {str(item.get("question")): item.get("answer") for item in record.answers}}
    return joined(
        [
            element(
                "p",
                f"This {'starts a run of the same kind' if updated is None else 'updates the same generation again'}. "
                "Its output will differ, and you will be charged again.",
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
