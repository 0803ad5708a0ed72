"""What this server does where the pages say nothing: one object of choices, and a shelf of named ones."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Variant:
    """Every choice has a plain value; the shelf below changes a few of them at a time."""

    # Answers to the requests that change something.
    start_status: int = 201
    turn_status: int = 202
    complete_status: int = 200
    complete_has_body: bool = True
    kickoff_status: int = 202
    kickoff_has_id: bool = True
    answers_status: int = 202
    # "absolute", "relative" or None.
    location: str | None = "relative"

    # The interview. Where the opening turn and the replies are: a list of that name, or a string of that name.
    transcript: str | None = "turns"
    entries: tuple[str, str, str] = ("role", "content", "agent")
    reply: str | None = None
    words: str = "title"
    has_detected_type: bool = True
    lists_types: bool = True
    questions_first: int = 0
    agent_completes_at: int | None = None
    # Whether the service starts the generation itself (for a user's token), and says so on the snapshot.
    starts_itself: bool = False
    tells_started: bool = True
    artifact_seconds: float = 0.0
    artifact_on_interview: bool = True

    # Turns. What a repeated turn is told while the first is on its way: "problem", "header" or "nothing".
    turn_seconds: float = 8.0
    job_words: str = "lower"
    job_in_body: bool = True
    turn_body: str = "full"
    in_flight: str = "problem"
    snapshot_in_job: bool = True
    # How the first turn's first job ends: None (well), "retryable", "late_reply" (failed, and the reply is there).
    first_job: str | None = None
    loses_jobs: bool = False

    # Generations.
    requires_project_type: bool = False
    future_states: bool = False
    state_words: str = "title"
    lean_status: bool = False
    status_has_intake: bool = True
    package_in_status: bool = True
    package_seconds: float = 0.0
    pauses: int = 1
    questions: int = 2
    lingers: bool = True
    tick_seconds: float = 20.0
    envelope: str = "items"
    rows_name_interview: bool = True
    older_generations: int = 3
    page_rows: int | None = None
    ignores_offset: bool = False

    # How it ends: "Complete", "Failed", "Cancelled" or "Paused"; and what a kickoff is refused with.
    end: str = "Complete"
    failure_category: str | None = "Sabotage"
    kickoff_refusal: tuple[int, str, str] | None = None
    never_completes: bool = False

    # How values look.
    dates: str = "z"
    numbers_as_text: bool = False
    upper_ids: bool = False
    extras: bool = False
    leaves_nulls_out: bool = False
    marks_utf8: bool = False

    # The head of answers, and refusals: "problem", "uri", "text" or "empty".
    rate_headers: str | None = "RateLimit-"
    problems: str = "problem"
    # Whether the connection ends with each answer.
    hangs_up: bool = False
    missing: frozenset[str] = frozenset()
    missing_status: int = 404
    # How long what was just made is not known to those who ask for it.
    known_seconds: float = 0.0

    # What a reference document's name is called in a list, and whether its size is told.
    document_name: str = "file_name"
    document_status: int = 201

    # The zip: "elsewhere", "same_origin", "beside" (relative to the request), "with_key" or "direct".
    zip_answer: str = "elsewhere"
    zip_status: int = 302
    refuses_authorization: bool = True
    ranges: bool = True
    says_length: bool = True
    etag: str | None = "strong"
    link_seconds: float = 600.0

    def but(self, **changes: object) -> Variant:
        """The same with some choices made otherwise."""
        return replace(self, **changes)  # type: ignore[arg-type]


PLAIN = Variant()
OPTIONAL = frozenset({"intake-artifacts", "capabilities", "usage", "deleted"})

VARIANTS: dict[str, Variant] = {
    "plain": PLAIN,
    "spare": Variant(
        start_status=200,
        transcript=None,
        complete_status=204,
        complete_has_body=False,
        kickoff_status=200,
        location=None,
        turn_body="spare",
        snapshot_in_job=False,
        has_detected_type=False,
        lean_status=True,
        package_in_status=False,
        leaves_nulls_out=True,
        rate_headers=None,
        problems="empty",
        in_flight="nothing",
        answers_status=204,
        document_name="name",
        document_status=204,
        etag=None,
        envelope="array",
        says_length=False,
        ranges=False,
    ),
    "by_location": Variant(job_in_body=False, location="absolute", kickoff_has_id=False, kickoff_status=201),
    "by_relative_location": Variant(
        job_in_body=False, turn_body="nameless", kickoff_has_id=False, complete_status=202, complete_has_body=False
    ),
    "shouting": Variant(
        words="upper",
        job_words="upper",
        state_words="upper",
        upper_ids=True,
        rate_headers="ratelimit-",
        transcript="transcript",
        entries=("speaker", "text", "Otto"),
    ),
    "lower_words": Variant(words="snake", job_words="title", dates="seven", envelope="named", reply="agent_reply"),
    "text_numbers": Variant(
        numbers_as_text=True,
        dates="naive",
        extras=True,
        transcript="history",
        reply="opening_turn",
        rate_headers="X-RateLimit-",
        problems="uri",
        marks_utf8=True,
    ),
    "from_the_future": Variant(future_states=True, extras=True, problems="text", words="lower"),
    "late": Variant(
        artifact_seconds=20.0,
        complete_has_body=False,
        package_in_status=False,
        package_seconds=25.0,
        tick_seconds=45.0,
        pauses=2,
        questions=3,
    ),
    "artifact_in_list_only": Variant(artifact_on_interview=False, envelope="named", complete_status=202),
    "nothing_optional": Variant(missing=OPTIONAL),
    "nothing_optional_501": Variant(missing=OPTIONAL, missing_status=501, problems="empty"),
    "deaf_to_the_bin": Variant(missing=frozenset({"deleted"}), missing_status=403),
    "slow_to_know": Variant(known_seconds=5.0),
    "nothing_optional_405": Variant(missing=OPTIONAL, missing_status=405, problems="text"),
    "nameless_rows": Variant(rows_name_interview=False, envelope="array", older_generations=12),
    "small_pages": Variant(page_rows=5, older_generations=12, envelope="named", rows_name_interview=False),
    "small_bare_pages": Variant(page_rows=5, older_generations=12, envelope="array"),
    "endless_page": Variant(ignores_offset=True, older_generations=70, envelope="items"),
    "strict_type": Variant(requires_project_type=True),
    "strict_type_hidden": Variant(requires_project_type=True, has_detected_type=False),
    "eager_agent": Variant(agent_completes_at=1, words="lower", location="absolute"),
    "eager_and_mute": Variant(agent_completes_at=1, first_job="late_reply", transcript=None, words="upper"),
    "failing_job": Variant(first_job="retryable"),
    "failing_job_with_reply": Variant(first_job="late_reply"),
    "hangs_up": Variant(hangs_up=True, in_flight="header", dates="seven"),
    "snake_states": Variant(state_words="snake", document_name="filename", document_status=200, answers_status=200),
    "see_other": Variant(zip_status=303, zip_answer="same_origin", etag="weak"),
    "temporary": Variant(zip_status=307, etag="weak", says_length=False),
    "permanent": Variant(zip_status=308, zip_answer="beside", ranges=False, refuses_authorization=False),
    "with_key": Variant(zip_answer="with_key", refuses_authorization=False),
    "direct": Variant(zip_answer="direct"),
    "moved": Variant(zip_status=301, zip_answer="same_origin", etag=None),
    "no_questions": Variant(pauses=0),
}
