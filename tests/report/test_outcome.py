"""What came of a run: its generations, its packages and how to run it again."""

from __future__ import annotations

from pathlib import Path

from specstep_flows.report import Collected, page
from specstep_flows.report.receipt import receipt
from tests.kit.report_page import Reader


def test_links_within_the_package_lead_to_its_files_on_the_page(collected: Collected) -> None:
    """A relative link leads to the file, one that leads nowhere is no link, and one to the web says nothing of us."""
    reader = Reader(page(collected))
    files = {attributes["id"] for attributes in reader.all("details") if "id" in attributes}
    links = [attributes for attributes in reader.all("a") if attributes["href"].startswith("#file-")]
    outside = [attributes for attributes in reader.all("a") if attributes["href"].startswith("http")]

    assert len(links) == 2
    assert {link["href"].removeprefix("#") for link in links} <= files
    assert [(link["href"], link["rel"]) for link in outside] == [
        ("https://example.com/a?b=1&c=2", "noopener noreferrer nofollow")
    ]


def test_a_fan_out_shows_every_generation_and_every_package(fan_out: Collected) -> None:
    """Each child has its row, its audit and its files, with ids of their own on the page; the cost is that of all."""
    text = page(fan_out)
    found = Reader(text)
    found.check_harmless()
    record = fan_out.record

    assert len(fan_out.packages) == 3
    assert len(fan_out.family) == 3
    for generation in (fan_out.generation, *fan_out.family):
        assert generation is not None
        assert str(generation.id) in found.text
    for package in fan_out.packages:
        assert Path(package.file).name in found.text
    for profile in ("Fast", "Normal", "Extensive"):
        assert f"asked by {profile}" in found.text
    identifiers = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert found.text.count("01-milestones.md") >= 3
    links = {attributes["href"] for attributes in found.all("a") if attributes.get("href", "").startswith("#")}
    assert links <= {f"#{identifier}" for identifier in identifiers}
    inner = {link.rpartition("-file-")[0] for link in links if link.startswith("#package-")}
    assert inner == {"#package-1", "#package-2", "#package-3"}
    assert fan_out.cost_usd == record.cost_usd
    assert fan_out.conversation
    made = receipt(fan_out)
    assert [one["generation_id"] for one in made["generations"]] == [str(one) for one in record.generation_ids]
    assert [one["file"] for one in made["packages"]] == [package.file for package in fan_out.packages]


def test_the_commands_that_run_it_again_are_complete(collected: Collected) -> None:
    """Every message, and the answers as a file that both the command and the Python take."""
    text = Reader(page(collected)).text

    assert "--answers answers.json" in text
    assert 'on_question=AnswersFile.load(Path("answers.json"))' in text
    assert text.count("Shops use it.") >= 3
