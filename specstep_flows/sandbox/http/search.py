"""Full-text search in packages (walkthrough, step 6.3): phrases, OR, exclusion, and a modest stemmer."""

import html
import re
from dataclasses import dataclass
from typing import Any

from ..world.packages import Package
from .call import Answer, Call
from .packages import own_package
from .routing import Routes

routes = Routes()

_TOKEN = re.compile(r'-?"[^"]*"|\S+')
_WORD = re.compile(r"\w+")
_TEXT = (".md", ".yaml", ".yml", ".json", ".txt", ".csv", ".svg")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "es", "ed", "s")


@dataclass(frozen=True)
class _Query:
    """What a text must have (each group: one of its phrases) and must not have; phrases are lists of stems."""

    groups: list[list[list[str]]]
    excluded: list[list[str]]


def _stem(word: str) -> str:
    lower = word.lower()
    ending = next((ending for ending in _ENDINGS if lower.endswith(ending) and len(lower) - len(ending) >= 3), "")
    return lower[: len(lower) - len(ending)]


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text)]


def _parse(query: str) -> _Query:
    groups: list[list[list[str]]] = []
    excluded: list[list[str]] = []
    joining = False
    for word in _TOKEN.findall(query):
        if word == "OR":
            joining = bool(groups)
            continue
        phrase = _stems(word)
        if phrase and word.startswith("-"):
            excluded.append(phrase)
        elif phrase and joining:
            groups[-1].append(phrase)
        elif phrase:
            groups.append([phrase])
        joining = False
    return _Query(groups, excluded)


def _count(stems: list[str], phrase: list[str]) -> int:
    return sum(stems[at : at + len(phrase)] == phrase for at in range(len(stems) - len(phrase) + 1))


def _hits(package: Package, query: _Query) -> list[dict[str, Any]]:
    """The files that match, best first."""
    hits = []
    for path, content in package.files.items():
        text = content.decode("utf-8", "replace")
        stems = _stems(text)
        counts = [sum(_count(stems, phrase) for phrase in group) for group in query.groups]
        fits = path.endswith(_TEXT) and counts and all(counts)
        if fits and not any(_count(stems, phrase) for phrase in query.excluded):
            rank = round(sum(counts) / (len(stems) + 10), 4)
            hits.append({"file_path": path, "snippet": _snippet(text, query), "rank": rank})
    return sorted(hits, key=lambda hit: (-float(str(hit["rank"])), str(hit["file_path"])))


def _snippet(text: str, query: _Query) -> str:
    wanted = {stem for group in query.groups for phrase in group for stem in phrase}
    first = next((match.start() for match in _WORD.finditer(text) if _stem(match.group()) in wanted), 0)
    piece = html.escape(text[max(0, first - 60) : first + 120].replace("\n", " "), quote=False)
    return _WORD.sub(lambda match: f"<mark>{match[0]}</mark>" if _stem(match[0]) in wanted else match[0], piece)


@routes.add("GET /v1/packages/{id}/search")
def search_package(call: Call) -> Answer:
    """Search one package; an empty query finds nothing."""
    package = own_package(call)
    query = call.query.get("q", "")
    hits = _hits(package, _parse(query))[: call.number("limit", 20, 50)]
    return Answer(body={"query": query, "results": hits})


@routes.add("GET /v1/packages/search")
def search_packages(call: Call) -> Answer:
    """Search all of the caller's packages; each comes with its five best files."""
    query = call.query.get("q", "")
    parsed = _parse(query)
    results = []
    for package in call.world.packages.values():
        if package.owner != call.owner or package.deleted_at is not None:
            continue
        if hits := _hits(package, parsed):
            row = {
                "package_id": package.id,
                "project_name": package.project_name,
                "version": package.version,
                "total_hit_count": len(hits),
                "files": hits[:5],
            }
            results.append((hits[0]["rank"], row))
    results.sort(key=lambda result: -result[0])
    limit = call.number("limit", 10, 25)
    return Answer(body={"query": query, "results": [row for _, row in results[:limit]]})
