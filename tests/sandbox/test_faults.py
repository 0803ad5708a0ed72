"""Faults that befall requests: what the client sees, and what the server did all the same."""

from __future__ import annotations

import io
import json
import re
import socket
import zipfile
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.sandbox import Fault, load_faults, serve
from specstep_flows.sandbox.document import operation_of
from specstep_flows.sandbox.faults import KINDS, MEMBERS, Kind
from tests.kit.api import COST, STATE, op, path_of


@pytest.mark.parametrize(("commit", "started"), [(False, 0), (True, 1)])
def test_reset_before_or_after_the_commit(start: Any, commit: Any, started: Any) -> None:
    """A reset is a failed connection either way; only with `commit` has the generation been started."""
    call = start()
    order = {"intake_id": call.artifact()}
    call.sandbox.faults.add(Fault(op("start_generation"), "reset", commit=commit))

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        call(op("start_generation"), json=order)

    assert len(call.sandbox.state.generations) == started
    row = call.sandbox.requests.matching(op("start_generation"))[0]
    assert (row.status, row.fault, row.reached_world) == (None, "reset", commit)
    assert call(op("start_generation"), json=order).status_code == 202


def test_reset_is_a_tcp_reset(start: Any) -> None:
    """The connection is reset, not closed: the socket itself says so."""
    call = start()
    call.sandbox.faults.add(Fault(op("get_me"), "reset"))
    host, _, port = call.sandbox.url.removeprefix("http://").partition(":")

    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(f"{op('get_me')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1000)


@pytest.mark.parametrize(
    ("retry_after", "header"), [(None, None), (2, "2"), (1.5, "1.5"), ("date+30", "Mon, 01 Jun 2026 12:00:30 GMT")]
)
def test_error_status_with_and_without_retry_after(start: Any, retry_after: Any, header: Any) -> None:
    """An error carries problem+json and the Retry-After that the rule asks for."""
    call = start()
    call.sandbox.faults.add(
        Fault(op("get_me"), "status", status=503, problem_type="SERVICE_BUSY", retry_after=retry_after)
    )

    answer = call(op("get_me"))

    assert (answer.status_code, answer.json()["type"]) == (503, "SERVICE_BUSY")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after") == header


def test_status_after_commit(start: Any) -> None:
    """An error can be told although the work was done."""
    call = start()
    order = {"intake_id": call.artifact()}
    call.sandbox.faults.add(Fault(op("start_generation"), "status", status=500, commit=True))

    assert call(op("start_generation"), json=order).status_code == 500
    assert len(call.sandbox.state.generations) == 1


@pytest.mark.parametrize("status", [504, 200])
def test_html_from_the_front_door(start: Any, status: Any) -> None:
    """The front door's page is HTML, be it a time-out or a login page."""
    call = start()
    call.sandbox.faults.add(Fault(op("get_me"), "html", status=status))

    answer = call(op("get_me"))

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("commit", [False, True])
def test_stall_never_answers(start: Any, commit: Any) -> None:
    """A stalled request runs into the client's own time-out, whether or not the work was done."""
    call = start()
    call.sandbox.faults.add(Fault(op("start_interview"), "stall", commit=commit))

    with pytest.raises(httpx.ReadTimeout):
        call(op("start_interview"), timeout=0.1)

    assert len(call.sandbox.state.interviews) == commit


def test_late_commit(start: Any) -> None:
    """The error comes now, the work is done later, at its own virtual moment, without another request."""
    call = start()
    order = {"intake_id": call.artifact()}
    call.sandbox.faults.add(Fault(op("start_generation"), "late_commit", seconds=40))
    sent = call.sandbox.clock.now()

    assert call(op("start_generation"), json=order).status_code == 504
    call.pass_time(39)
    assert not call.sandbox.state.generations
    call.pass_time(10)
    (run,) = call.sandbox.state.generations.values()
    assert run.created_at == sent + 40
    assert [row["id"] for row in call(op("list_generations")).json()["generations"]] == [run.id]


def test_restart_of_the_server(start: Any) -> None:
    """All connections are cut, nobody is there for a while, then all is as it was."""
    call = start()
    interview = call.interview("A portal.")
    call.sandbox.faults.add(Fault(op("get_me"), "restart", seconds=20))

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        call(op("get_me"))
    call.pass_time(19)
    with pytest.raises(httpx.ConnectError):
        call(op("get_me"))
    call.pass_time(1)

    assert call(op("get_interview", interview)).json()["turn_count"] == 3


def test_stop_and_start_keep_the_memory_and_the_port(start: Any) -> None:
    """A restart by hand keeps what was said, the address and the key."""
    call = start()
    interview = call.interview("A portal.")
    url = call.sandbox.url

    call.sandbox.stop()
    with pytest.raises((httpx.ConnectError, httpx.ReadError)):
        call(op("get_me"))
    call.sandbox.start()

    assert call.sandbox.url == url
    assert call(op("get_interview", interview)).status_code == 200


@pytest.mark.parametrize("hard", [False, True])
def test_truncated_body(start: Any, hard: Any) -> None:
    """The body ends before its Content-Length: the client's library notices."""
    call = start()
    call.sandbox.faults.add(Fault(op("get_capabilities"), "truncated", keep=0.5, hard=hard))

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        call(op("get_capabilities"))
    assert call(op("get_capabilities")).status_code == 200


def test_slow_body_is_whole_in_the_end(start: Any) -> None:
    """A body in small pieces is the same body."""
    call = start()
    expected = call(op("get_capabilities")).content
    call.sandbox.faults.add(Fault(op("get_capabilities"), "slow", chunk=100, pause=0.001))

    assert call(op("get_capabilities")).content == expected


def test_slow_body_keeps_a_reader_waiting(start: Any) -> None:
    """The headers and the first piece come, and then nothing for a while."""
    call = start()
    call.sandbox.faults.add(Fault(op("get_capabilities"), "slow", chunk=10, pause=60))

    with call.http.stream("GET", path_of("get_capabilities"), timeout=0.2) as answer:
        pieces = answer.iter_raw()
        assert len(next(pieces)) == 10
        with pytest.raises(httpx.ReadTimeout):
            next(pieces)


def test_malformed_and_empty_bodies(start: Any) -> None:
    """Half of the JSON, and none of it, both under a 200."""
    call = start()
    call.sandbox.faults.add(Fault(op("get_me"), "malformed"), Fault(op("get_me"), "empty", nth=2))

    with pytest.raises(json.JSONDecodeError):
        call(op("get_me")).json()
    answer = call(op("get_me"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert call(op("get_me")).json()["email"]


def test_edits_of_json(start: Any) -> None:
    """Members can be unknown, null, missing, retyped and new in the answer, one by one."""
    call = start()
    run = call.generation()
    path = op("get_generation", run)
    rules = [
        Fault(op("get_generation"), "unknown_fields"),
        Fault(op("get_generation"), "unknown_enum", nth=2, fields=(STATE,)),
        Fault(op("get_generation"), "nulls", nth=3, fields=("progress_percent",)),
        Fault(op("get_generation"), "missing", nth=4, fields=("progress_percent",)),
        Fault(op("get_generation"), "retype", nth=5, fields=(COST,)),
        Fault(op("get_generation"), "edit", nth=6, set={f"$.{STATE}": "Complete", "kind": 7}),
    ]
    call.sandbox.faults.add(*rules)

    assert "zz_never_seen_before" in call(path).json()
    assert call(path).json()[STATE] == "NeverSeenBefore"
    assert call(path).json()["progress_percent"] is None
    assert "progress_percent" not in call(path).json()
    assert isinstance(call(path).json()[COST], dict)
    last = call(path).json()
    assert (last[STATE], last["kind"]) == ("Complete", 7)
    assert call(path).json()[STATE] == "Queued"


def test_edit_by_path_reaches_into_lists(start: Any) -> None:
    """A dotted path with a star changes that member of every row, and no other of its name."""
    call = start()
    call.generation()
    call.generation()
    call.sandbox.faults.add(Fault(op("list_generations"), "edit", set={"generations.*.id": "not-an-id"}))

    rows = call(op("list_generations")).json()["generations"]

    assert [row["id"] for row in rows] == ["not-an-id", "not-an-id"]
    assert all(row["interview_id"] != "not-an-id" for row in rows)


def test_expired_url(start: Any) -> None:
    """The redirect leads to a URL that is refused; the next one is good."""
    call = start()
    path = op("get_package_zip", call.package())
    call.sandbox.faults.add(Fault(op("get_package_zip"), "expired_url"))

    assert httpx.get(call(path).headers["location"]).status_code == 403
    assert httpx.get(call(path).headers["location"]).status_code == 200


def test_download_that_breaks_off_can_be_resumed(start: Any) -> None:
    """A blob's body may end early; the rest can be had by range, of the same version."""
    call = start()
    package = call.package()
    url = call(op("get_package_zip", package)).headers["location"]
    call.sandbox.faults.add(Fault("GET /blob/*", "truncated", keep=0.4))
    pieces: list[bytes] = []
    with httpx.stream("GET", url) as answer, pytest.raises(httpx.RemoteProtocolError):
        pieces.extend(answer.iter_raw())
    received = b"".join(pieces)
    assert received

    rest = httpx.get(url, headers={"Range": f"bytes={len(received)}-", "If-Range": answer.headers["etag"]})

    assert rest.status_code == 206
    assert received + rest.content == call.sandbox.state.packages[package].zip.content()


def _archive(call: Any, kind: Kind) -> Any:
    location = call(op("get_package_zip", call.package())).headers["location"]
    call.sandbox.faults.add(Fault("GET /blob/*", kind))
    return httpx.get(location).content


@pytest.mark.parametrize("kind", ["zip_truncated", "zip_not"])
def test_damaged_archive_cannot_be_opened(start: Any, kind: Kind) -> None:
    """A file that lost its directory, or never had one, is no zip."""
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(_archive(start(), kind)))


def test_flipped_byte_shows_in_the_checksum(start: Any) -> None:
    """An archive with one changed bit opens, and fails its check."""
    archive = zipfile.ZipFile(io.BytesIO(_archive(start(), "zip_flipped")))

    with pytest.raises((zipfile.BadZipFile, zlib.error)):
        archive.read(archive.namelist()[0])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("zip_absolute", "/tmp/specstep-escaped.txt"),
        ("zip_dotdot", "docs/../../../specstep-escaped.txt"),
        ("zip_symlink", "docs"),
        ("zip_duplicate", "README.md"),
        ("zip_case", "readme.MD"),
        ("zip_bomb", "docs/15.md"),
    ],
)
def test_hostile_archive_is_a_sound_zip(start: Any, kind: Kind, name: Any) -> None:
    """What is hostile about an archive is what it holds, not its form: the central directory reads well."""
    archive = zipfile.ZipFile(io.BytesIO(_archive(start(), kind)))

    assert name in archive.namelist()
    if kind == "zip_symlink":
        assert archive.getinfo("docs").external_attr >> 16 == 0o120777
    if kind == "zip_duplicate":
        assert archive.namelist().count("README.md") == 2
    if kind == "zip_bomb":
        assert sum(entry.file_size for entry in archive.infolist()) > 1 << 30
    else:
        assert archive.testzip() is None


def test_nth_and_times(start: Any) -> None:
    """A rule counts the requests that it fits, from its own beginning, and stops when it has fired enough."""
    call = start()
    rule = call.sandbox.faults.add(Fault(op("get_me"), "status", status=500, nth=2, times=2))

    assert [call(op("get_me")).status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert (rule.seen, rule.fired) == (5, 2)
    call.sandbox.faults.add(Fault("*", "status", status=502, times=None))
    assert {call(op("get_me")).status_code for _ in range(3)} == {502}
    call.sandbox.faults.clear()
    assert call(op("get_me")).status_code == 200


def test_parameter_names_do_not_matter(start: Any) -> None:
    """An operation may be written with any parameter name, and does not take in its literal neighbours."""
    call = start()
    run = call.generation()
    call.sandbox.faults.add(Fault(op("get_generation"), "status", status=500, times=None))

    assert call(op("list_deleted_generations")).status_code == 200
    assert call(op("get_generation", run)).status_code == 500


def test_fault_files(tmp_path: Path, start: Any) -> None:
    """YAML and JSON files hold the same rules as code does."""
    yaml_file = tmp_path / "faults.yaml"
    yaml_file.write_text(f"faults:\n- match: {op('get_me')}\n  kind: status\n  status: 418\n  times: null\n")
    json_file = tmp_path / "faults.json"
    json_file.write_text(json.dumps([{"match": op("get_me"), "kind": "nulls", "fields": ["email"]}]))
    call = start()

    (first,), (second,) = load_faults(yaml_file), load_faults(json_file)
    call.sandbox.faults.add(second)
    assert call(op("get_me")).json()["email"] is None
    call.sandbox.faults.add(first)
    assert call(op("get_me")).status_code == 418


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("match: x", "must hold a list"),
        ("- kind: reset", "needs at least `match` and `kind`"),
        ("- {match: '*', kind: meteor}", "unknown kind of fault 'meteor'"),
        ("- {match: '*', kind: reset, often: 3}", "unknown members: often"),
        ("- {match: '*', kind: reset, nth: 0}", "fault 1: nth counts from 1"),
        ("- {match: '*', kind: stats, status: 500}", "did you mean 'status'"),
        ("- {match: '*', kind: status, stauts: 500}", "unknown members: stauts; did you mean 'status'"),
        ("- {match: '*', kind: status, status: '500'}", "status is a number, not '500'"),
        ("- {match: '*', kind: reset, times: 0}", "times counts from 1; None is for ever"),
        ("- {match: 5, kind: reset}", "match is text"),
        (f"- {{match: {op('get_me')}s, kind: reset}}", f"called '{op('get_me')}s'; did you mean '{op('get_me')}'"),
        ("- {match: [", "cannot be read as YAML or JSON"),
    ],
)
def test_bad_fault_files(tmp_path: Path, text: Any, complaint: Any) -> None:
    """A file that is not a list of faults is refused with a sentence that says what is wrong."""
    file = tmp_path / "faults.yaml"
    file.write_text(text)

    with pytest.raises(ValueError, match=complaint):
        load_faults(file)


class TestAFaultThatDoesNothing:
    """A rule that no request could fit, or that says what its kind ignores: its test would test nothing."""

    @pytest.mark.parametrize(
        "match",
        [
            op("start_generation").removesuffix("s"),
            op("get_me").lower(),
            op("get_me").replace("GET", "POST"),
            op("cancel_generation") + "/",
            op("get_generation_events").replace("{id}", "*").replace("events", "evnts"),
            op("get_generation_events", "0195").replace("events", "evnts"),
            op("get_generation") + "/evnts*",
            "POST *cancl",
            "POST /blob/*",
            "",
        ],
    )
    def test_no_request_could_fit_it(self, match: str) -> None:
        """Neither an operation, nor a path of one, nor a pattern that some path fits."""
        with pytest.raises(ValueError, match="nothing at the sandbox is called"):
            Fault(match, "reset")

    @pytest.mark.parametrize(
        "match",
        [
            "*",
            "GET *",
            "GET /blob/*",
            "GET /blob/a.zip",
            op("get_me"),
            op("cancel_generation").replace("{id}", "{generationId}"),
            op("cancel_generation", "0195-7"),
            op("cancel_generation", "*"),
            op("cancel_generation", "0195*"),
            op("cancel_generation", "????"),
            op("get_generation") + "/*",
            op("get_generation").replace("{id}", "{generationId}") + "/*",
            op("get_package_file", "0195-7", "docs/01/a.md"),
            op("get_package_file", "*", "docs/*"),
            "POST *cancel",
        ],
    )
    def test_what_some_request_fits_is_one(self, match: str) -> None:
        """By name, whatever its parameters are called; by path; by pattern."""
        Fault(match, "reset")

    def test_every_operation_can_be_befallen(self) -> None:
        """By what the contract calls it, by a path, and by a pattern that the path fits, which all fit the request."""
        for name, stated in OPERATIONS.items():
            path = re.sub(r"\{[^}]+\}", "0195", stated.path)
            known = operation_of(stated.method, path)
            for match in (op(name), f"{stated.method} {path}", f"{stated.method} {path[:-2]}*"):
                assert Fault(match, "reset").fits(known, f"{stated.method} {path}"), name

    @given(
        st.sampled_from(sorted(OPERATIONS)),
        st.text("abcdef0123456789-", min_size=1, max_size=12),
        st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=3),
    )
    def test_a_pattern_of_a_real_request_is_never_refused(
        self, name: str, value: str, cuts: list[tuple[int, int]]
    ) -> None:
        """Whatever parts of a request stand for anything: there is a request that it fits."""
        stated = OPERATIONS[name]
        request = f"{stated.method} " + re.sub(r"\{[^}]+\}", value, stated.path)
        match = request
        for start, length in cuts:
            match = f"{match[:start]}*{match[start + length :]}"

        assert Fault(match, "reset").fits(None, request)

    @pytest.mark.parametrize(
        ("kind", "members", "says"),
        [
            ("reset", {"status": 500}, "status: a fault of kind 'reset' takes nothing of the sort"),
            ("status", {"seconds": 5}, "seconds: "),
            ("truncated", {"fields": ("state",)}, "fields: "),
            ("missing", {}, "needs the fields"),
            ("nulls", {"fields": "state"}, "a list of names"),
            ("zip_bomb", {}, "match 'GET /blob/"),
            ("status", {"times": 0}, "times counts from 1"),
        ],
    )
    def test_what_its_kind_ignores(self, kind: Kind, members: dict[str, Any], says: str) -> None:
        """Nobody would see that it was ignored."""
        with pytest.raises(ValueError, match=says):
            Fault(op("get_me"), kind, **members)

    def test_a_file_with_one_is_refused_before_the_sandbox_serves(self, tmp_path: Path) -> None:
        """With the file and the number of the fault in it."""
        file = tmp_path / "faults.yaml"
        file.write_text(f"- {{match: {op('get_me')}, kind: reset}}\n- {{match: GET /v1/mee, kind: reset}}\n")
        with pytest.raises(ValueError, match=r"faults\.yaml: fault 2: nothing at the sandbox is called 'GET /v1/mee'"):
            serve(port=0, faults_file=file)


@pytest.mark.parametrize("text", [pytest.param("[" * 60_000, marks=pytest.mark.slow), "{bad", "caf\xe9: ["])
@pytest.mark.parametrize("name", ["faults.json", "faults.yaml"])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, name: str, text: str) -> None:
    """Nested without end, broken, or no UTF-8; a mark at its start is none of its text."""
    file = tmp_path / name
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="cannot be read"):
        load_faults(file)
    file.write_text(json.dumps([{"match": op("get_me"), "kind": "reset"}]), encoding="utf-8-sig")
    assert len(load_faults(file)) == 1


def test_the_page_about_faults_is_right(tmp_path: Path) -> None:
    """Its examples are faults, and its table has every kind with what it takes."""
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8").partition("\n## Faults\n")[2]
    page = page.partition("\n## ")[0]
    (yaml_example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (python_example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "faults.yaml").write_text(yaml_example)

    assert [fault.kind for fault in load_faults(tmp_path / "faults.yaml")] == ["reset", "status", "zip_flipped"]
    exec(compile(python_example, "sandbox.md", "exec"), {})
    rows = re.findall(r"^\| (`.*?) \| .* \| (.*)\|$", page, re.MULTILINE)
    assert sorted(kind for names, _ in rows for kind in re.findall(r"`(\w+)`", names)) == sorted(KINDS)
    for names, takes in rows:
        if "and what" not in takes and "latter" not in takes:
            assert all(set(re.findall(r"`(\w+)`", takes)) == MEMBERS[kind] for kind in re.findall(r"`(\w+)`", names))


def test_requests_of_an_operation_that_there_is_not_are_not_counted(start: Any) -> None:
    """That there were none would be true of any misspelt name."""
    call = start()
    call(op("get_me"))

    assert call.sandbox.requests.count(op("get_me")) == 1
    with pytest.raises(ValueError, match="did you mean"):
        call.sandbox.requests.count(op("get_me") + "e")
    with pytest.raises(ValueError, match="nothing at the sandbox is called"):
        call.sandbox.requests.matching("")
