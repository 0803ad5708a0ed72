"""A policy from a file: what fits, what answers, and where a file is wrong."""

from __future__ import annotations

import json
import re
import sys
import warnings
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import answers_file
from specstep_flows.answers import AnswersFile
from specstep_flows.errors import AnswersError
from specstep_flows.models import Answer, Clarification

#: What Python tells an audit hook of when a program is started.
PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty"}

API = Clarification(
    "Should the API expose REST endpoints, or render server-side HTML forms?",
    agent="Architect",
    section="docs/02-architecture/03-api-design.md",
    why="Two documents contradict each other.",
    proposed_default="server-rendered HTML forms",
)
STACK = Clarification("Which database should hold the feedback?", agent="Recommender")
EXAMPLE = """
answers:
  "Should the API expose REST endpoints, or render server-side HTML forms?":
    Server-rendered forms; no REST in v1.
rules:
  - pattern: (?i)which DATABASE
    answer: PostgreSQL 16.
  - agent: architect
    section: docs/02-architecture/*
    use: proposed
    answer: Keep it simple.
default:
  use: proposed
  answer: Use your best judgment for v1.
"""


def texts(policy: AnswersFile, *questions: Clarification) -> list[str]:
    return [answer.answer for answer in policy(questions)]


def test_the_example_of_the_documentation_answers_everything() -> None:
    """Exact question, pattern, agent with section, default: each answer says which rule gave it."""
    policy = AnswersFile.parse(EXAMPLE, "answers.yaml")
    section = Clarification("How many services?", agent="Architect", section="docs/02-architecture/01-overview.md")
    elsewhere = Clarification(
        "Which colour?", agent="Architect", section="docs/03-design/a.md", proposed_default="blue"
    )

    assert policy([API, STACK, section, elsewhere]) == [
        Answer(API.question, "Server-rendered forms; no REST in v1.", "answers.yaml, line 3, column 3"),
        Answer(STACK.question, "PostgreSQL 16.", "answers.yaml, line 6, column 5"),
        Answer(section.question, "Keep it simple.", "answers.yaml, line 8, column 5"),
        Answer(elsewhere.question, "blue", "answers.yaml, default"),
    ]
    assert policy.unused() == []


def test_the_documentation_shows_that_example() -> None:
    """The text that users read is the text that is tested."""
    shown = "\n".join(line.partition("  #")[0].strip() for line in (answers_file.__doc__ or "").splitlines())
    for line in EXAMPLE.replace("DATABASE", "database").strip().splitlines():
        assert line.strip() in shown


def test_json_means_the_same(tmp_path: Path) -> None:
    """The same file as JSON gives the same answers, byte order mark or not."""
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(yaml.safe_load(EXAMPLE)), encoding="utf-8-sig")
    policy = AnswersFile.load(path)

    assert texts(policy, API, STACK) == ["Server-rendered forms; no REST in v1.", "PostgreSQL 16."]
    assert [answer.rule for answer in policy([STACK])] == [f"{path}, rules[0]"]


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Which database?", "Which  database?\n"),
        ("Which\n  database?", " Which database?"),
        ("caf\u00e9?", "cafe\u0301?"),
    ],
)
def test_exact_questions_ignore_line_breaks_and_unicode_forms_only(question: str, asked: str) -> None:
    """The answer goes to the service's own text, verbatim."""
    policy = AnswersFile.parse(json.dumps({"answers": {question: "yes"}}), is_json=True)
    assert policy([Clarification(asked)])[0].question == asked
    assert policy([Clarification(asked.upper())]) == []


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ("{question: 'Which database should hold the feedback?'}", [STACK]),
        ("{pattern: 'REST|GraphQL'}", [API]),
        ("{pattern: ^Which}", [STACK]),
        ("{pattern: '\\?$'}", [API, STACK]),
        ("{agent: ARCHITECT}", [API]),
        ("{agent: '*'}", [API, STACK]),
        ("{agent: '?ecommender'}", [STACK]),
        ("{section: docs/*/03-*.md}", [API]),
        ("{section: '?*'}", [API]),
        ("{section: DOCS/*}", []),
        ("{agent: Architect, pattern: database}", []),
        ("{agent: Recommender, pattern: database}", [STACK]),
    ],
)
def test_a_rule_fits_when_all_that_it_names_does(rule: str, fits: list[Clarification]) -> None:
    """Question, pattern, agent (whatever the case) and section (as file names), alone and together."""
    policy = AnswersFile.parse(f"rules: [{rule[:-1]}, answer: x}}]")
    assert [answer.question for answer in policy([API, STACK])] == [question.question for question in fits]


def test_the_first_rule_that_has_an_answer_wins() -> None:
    """Order decides; a rule that takes a proposal which is not there is passed over."""
    policy = AnswersFile.parse(
        "rules: [{agent: '*', use: proposed}, {pattern: database, answer: first}, {agent: '*', answer: second}]"
    )
    assert texts(policy, API, STACK) == ["server-rendered HTML forms", "first"]
    assert policy.unused() == [
        "answers, line 1, column 74: not used so far: the rule for agent '*'.",
    ]


def test_without_a_default_a_question_stays_open() -> None:
    """It is left out, so that whoever sends the answers can see that not all are there."""
    assert [answer.question for answer in AnswersFile.parse("rules: [{agent: Rec*, answer: x}]")([API, STACK])] == [
        STACK.question
    ]
    assert AnswersFile.parse("default: {use: proposed}")([STACK]) == []


@pytest.mark.parametrize(
    "text", ["yes", "no", "3.10", "16", "2026-05-30", "0x1F", "1e3", "true", "PostgreSQL: no", "a # b"]
)
def test_answers_stay_the_text_that_stands_there(text: str) -> None:
    """YAML would make booleans, numbers and dates of some."""
    quoted = f"'{text}'" if set(text) & set(":#") else text
    assert texts(AnswersFile.parse(f"default: {quoted}"), API) == [text]


def test_json_scalars_are_texts_too() -> None:
    """A number or a boolean is answered as it is written."""
    policy = AnswersFile.parse('{"answers": {"a": 1.50, "b": true, "c": 10}}', is_json=True)
    assert texts(policy, *map(Clarification, "abc")) == ["1.50", "true", "10"]


def test_what_answered_nothing_is_named_once_there_were_questions() -> None:
    """A rule that fits nothing is probably misspelt."""
    policy = AnswersFile.parse(
        "answers:\n  Which colour?: blue\nrules:\n- pattern: colou?r\n  answer: red\ndefault: x\n"
    )
    assert policy.unused() == []
    policy([API])
    assert policy.unused() == [
        "answers, line 2, column 3: not used so far: the rule for question 'Which colour?'.",
        "answers, line 4, column 3: not used so far: the rule for pattern 'colou?r'.",
    ]
    policy([Clarification("Which colour?"), Clarification("What color?")])
    assert policy.unused() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("answers: [unclosed", r"line 1, column 19: expected ',' or '\]'"),
        ("answers:\n\t- x", "line 2, column 1: found character"),
        ("a: b: c", "line 1, column 5: mapping values are not allowed"),
        ("default: x\n---\ndefault: y", "line 2, column 1: but found another document"),
        ("default: a\x00b", "line 1, column 11: special characters are not allowed"),
        ("default: x\nrules:\n- &a *a", "line 3"),
        pytest.param("[" * 3000, "nested too deeply", marks=pytest.mark.slow),
        ("answers: {a: {b: {c: {d: {e: {f: g}}}}}}", "nested too deeply"),
        ("", "contains no answers"),
        ("# only a comment", "contains no answers"),
        ("{}", "contains no answers"),
        ("rules: []", "contains no answers"),
        ("just text", "line 1, column 1: an answers file must be `name: value` pairs"),
        ("- a", "line 1, column 1: an answers file must be"),
        ("anwsers: {a: b}", "line 1, column 1: an answers file has no 'anwsers'. Did you mean answers"),
        ("xyz: {a: b}", "Known are answers, rules, default"),
        ("default: x\ndefault: y", "line 2, column 1: 'default' appears twice"),
        ("answers: {'Which one?': a, 'Which  one?': b}", "column 28: 'Which  one.' appears twice"),
        ("answers: [a]", "column 10: answers must be `name: value` pairs"),
        ("answers: {a: }", "an answer must be a string that is not empty"),
        ("answers: {a: ' '}", "an answer must be a string"),
        ("answers: {a: [b]}", "an answer must be a string"),
        ("answers: {? [a] : b}", "a name must be a string"),
        ("answers: {~: b}", "a name must be a string"),
        ("rules: {a: b}", "column 8: rules must be a list"),
        ("rules: [a]", "a rule must be `name: value` pairs"),
        ("rules: [{answer: a}]", "a rule must say which questions it is for"),
        ("rules: [{agent: a}]", "there is no answer here"),
        ("rules: [{agent: a, anser: b}]", "column 20: a rule has no 'anser'. Did you mean answer"),
        ("rules: [{agent: a, use: default}]", "use must be proposed"),
        ("rules: [{agent: a, use: [x]}]", "use must be a string"),
        ("rules: [{agent: '', answer: b}]", "agent must be a string that is not empty"),
        ("rules: [{pattern: 'a(b', answer: c}]", r"column 19: this is not a valid regular expression \(missing \)"),
        ("rules: [{pattern: '*', answer: c}]", "nothing to repeat"),
        ("default: ~", "the default must be a string"),
        ("default: [a]", "the default must be `name: value` pairs"),
        ("default: {agent: a}", "the default has no 'agent'"),
    ],
)
def test_a_file_that_does_not_fit_is_pointed_at(text: str, said: str) -> None:
    """Line and column, what is wrong, and what it may have meant."""
    with pytest.raises(AnswersError, match=said) as caught:
        AnswersFile.parse(text, "my.yaml")
    assert str(caught.value).startswith("my.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"default": "x",}', "line 1, column 1[67]: "),
        ('{\n  "default": x\n}', "line 2, column 14: Expecting value"),
        ("", "line 1, column 1: Expecting value"),
        ("[" * 100_000, "nested too deeply"),
        (
            '{"rules": [{"agent": "a", "answer": "b"}, {"agent": 1, "answr": "c"}]}',
            r"rules\[1\]\.answr: a rule has no 'answr'",
        ),
        ('{"answers": {"a": "b", "a": "c"}}', r"answers\.a: 'a' appears twice"),
        ('{"answers": {"a": null}}', r"answers\.a: an answer must be a string"),
        ('"text"', "at the top: an answers file must be"),
    ],
)
def test_json_that_does_not_fit_is_pointed_at(text: str, said: str) -> None:
    """Line and column where it does not parse; the way to the value where it does."""
    with pytest.raises(AnswersError, match=said):
        AnswersFile.parse(text, "my.json", is_json=True)


def test_files_that_cannot_be_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, a folder, not UTF-8, or far too large."""
    with pytest.raises(AnswersError, match="cannot be read"):
        AnswersFile.load(tmp_path / "nowhere.yaml")
    with pytest.raises(AnswersError, match="cannot be read"):
        AnswersFile.load(tmp_path)
    path = tmp_path / "answers.yaml"
    path.write_bytes(b"default: |\n  caf\xe9\n")
    with pytest.raises(AnswersError, match="line 2, column 6: this is not UTF-8"):
        AnswersFile.load(path)
    monkeypatch.setattr(answers_file, "_LARGEST_BYTES", 10)
    with pytest.raises(AnswersError, match="too large"):
        AnswersFile.load(path)


def test_a_pattern_that_would_never_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catastrophic pattern does not hang a paid run: an error names it."""
    monkeypatch.setattr(answers_file, "MATCH_SECONDS", 0.2)
    policy = AnswersFile.parse("rules:\n- pattern: ^(a|aa)+$\n  answer: x\n", "my.yaml")
    with pytest.raises(AnswersError, match=r"my\.yaml, line 2, column 3: the pattern '\^\(a\|aa\)\+\$' takes too long"):
        policy([Clarification("a" * 60 + "!")])


def test_a_search_starts_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a frozen or embedded program ``sys.executable`` is the user's own program, which would pay a second time."""
    started: list[str] = []
    sys.addaudithook(lambda event, _: started.append(event) if event in PROGRAMS and is_watched else None)
    is_watched = True
    for executable in (None, "", "/bin/true", "/nowhere/python"):
        monkeypatch.setattr(sys, "executable", executable)
        assert texts(AnswersFile.parse("rules:\n- pattern: (?i)expose rest\n  answer: x"), API) == ["x"]
    is_watched = False
    assert started == []


def test_nothing_of_ours_starts_python() -> None:
    """No module but the editor's starts a program, and none asks where Python is."""
    package = Path(answers_file.__file__).parent
    sources = {path.relative_to(package).as_posix(): path.read_text("utf-8") for path in package.rglob("*.py")}

    assert [
        name for name, text in sources.items() if re.search(r"sys\.executable|multiprocessing|os\.spawn", text)
    ] == []
    assert [name for name, text in sources.items() if "subprocess" in text] == ["cli/interview/editor.py"]


@given(st.text("ab{}[]()|*+?.^$\\d1,-ie", max_size=12), st.text("abdie1,{}-", max_size=12))
def test_a_pattern_means_what_python_says(pattern: str, text: str) -> None:
    """The search has a time limit, and is otherwise that of ``re``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = re.compile(pattern)
        except (re.error, OverflowError):
            return
        assert (answers_file._compiled(pattern).search(text) is None) == (expected.search(text) is None)


@pytest.mark.slow
def test_a_file_of_very_many_questions_is_read_in_one_go() -> None:
    """Each is compared with a set, and not with every other: this would take an hour."""
    pairs = {f"question {number}": "x" for number in range(40_000)}

    assert texts(AnswersFile.parse(json.dumps({"answers": pairs}), is_json=True), Clarification("question 7")) == ["x"]


@given(
    st.dictionaries(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip), max_size=5), st.text()
)
def test_any_json_of_exact_questions_answers_just_these(pairs: dict[str, str], other: str) -> None:
    """Whatever the texts: every question of the file is answered with its answer, and nothing else is."""
    plain = {" ".join(question.split()): text for question, text in pairs.items()}
    try:
        policy = AnswersFile.parse(json.dumps({"answers": pairs}), is_json=True)
    except AnswersError as error:
        assert "appears twice" in str(error) or not pairs  # noqa: PT017
        return
    assert texts(policy, *map(Clarification, pairs)) == [text.strip() for text in pairs.values()]
    if " ".join(other.split()) not in plain:
        assert len(policy([Clarification(other)])) <= 1


@given(st.text(st.sampled_from("answers:rulespdft -[]{}'\"\n#&*!|>?~")))
def test_any_text_parses_or_is_refused_in_our_own_words(text: str) -> None:
    """No YAML makes anything but a policy or an AnswersError."""
    try:
        AnswersFile.parse(text)
    except AnswersError as error:
        assert str(error).startswith("answers")  # noqa: PT017


def test_rules_can_be_written_down_for_another_process() -> None:
    """As an answers file in JSON, in their order; what is read again is written the same."""
    given = {
        "answers": {"Which colour?": "Blue."},
        "rules": [
            {"question": "Which size?", "pattern": "si.e", "agent": "arch*", "section": "docs/*", "answer": "Large."},
            {"pattern": "x{2}", "use": "proposed", "answer": "no"},
            {"agent": "*", "use": "proposed"},
        ],
        "default": {"use": "proposed", "answer": "3.10"},
    }
    data = AnswersFile.parse(json.dumps(given), is_json=True).as_data()

    assert data["rules"] == [{"question": "Which colour?", "answer": "Blue."}, *given["rules"]]
    assert data["default"] == given["default"]
    assert AnswersFile.parse(json.dumps(data), is_json=True).as_data() == data
    assert AnswersFile.parse("default: yes").as_data() == {"default": {"answer": "yes"}}
