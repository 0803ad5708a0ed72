"""The server: what each route answers, and a storage host on a port of its own."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Final

from tests.behaviour.second_service.listener import ID, SIGNATURE, Call, listen
from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.variants import PLAIN, Variant
from tests.behaviour.second_service.wording import Answer, Wording
from tests.behaviour.second_service.world import PROFILES, PROJECT_TYPES, Document, Generation, Refused, World
from tests.kit.api import as_sent, op, path_of

KEY: Final = "sf_second_0f5e1c77a9d24b58"


class SecondService:
    """A running server. ``now`` gives the seconds of its clock; ``url`` is where it is."""

    def __init__(
        self,
        variant: Variant = PLAIN,
        now: Callable[[], float] | None = None,
        trouble: Trouble | None = None,
        key: str = KEY,
    ) -> None:
        self.variant, self.trouble, self.key = variant, trouble, key
        self.world = World(variant, now or time.monotonic)
        self.books = self.world.books
        self.words = Wording(self.world)
        #: Every request in order: its method, and its path with `{id}` for each id.
        self.log: list[str] = []
        self._closing = threading.Event()
        self._api = listen(self, is_storage=False)
        self._storage = listen(self, is_storage=True)
        self.url = f"http://127.0.0.1:{self._api.server_port}"
        self.storage_url = f"http://127.0.0.1:{self._storage.server_port}"

    def __enter__(self) -> SecondService:
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.004,), daemon=True)
            for server in (self._api, self._storage)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for server in (self._api, self._storage):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def pause(self, seconds: float) -> None:
        """Keep silent for so long, or until the server closes."""
        self._closing.wait(seconds)

    # What the API answers.

    def api(self, call: Call) -> Answer:
        """Carry a request out, and answer it."""
        with self.world.lock:
            self.world.catch_up()
            try:
                return self._route(call)
            except Refused as refused:
                return self.words.refusal(refused)
            except Exception as error:
                self.books.mistakes.append(f"{call.method} {call.path}: {error!r}")
                raise

    def _route(self, call: Call) -> Answer:
        if re.fullmatch(rf"/files/{ID}\.zip|{path_of('get_package_zip', ID)}/content", call.path):
            return self.storage(call)
        if call.headers.get("Authorization") != f"Bearer {self.key}":
            self.books.refused_keys += 1
            return Answer(401, b"", {"WWW-Authenticate": "Bearer"})
        for operation, pattern, handle in _ROUTES:
            match = re.fullmatch(pattern, f"{call.method} {call.path}")
            if match:
                answer = handle(self, call, *match.groups())
                answer.body = as_sent(operation, answer.body)
                return answer
        raise Refused(404, "NOT_FOUND", "There is nothing here.")

    def _optional(self, name: str) -> None:
        if name in self.variant.missing:
            raise Refused(self.variant.missing_status, "NOT_IMPLEMENTED", f"There is no {name} here.")

    def me(self, call: Call) -> Answer:
        return self.words.json(200, {"user_id": 4711, "display_name": "Ada", "email": "ada@example.org", "plan": "Pro"})

    def usage(self, call: Call) -> Answer:
        self._optional("usage")
        return self.words.json(200, {"used": 2, "remaining": 3, "reset_date": "2026-07-01"})

    def capabilities(self, call: Call) -> Answer:
        self._optional("capabilities")
        mirrors = ["None", "ClaudeMd"]
        body = {"review_profiles": [*PROFILES, "Turbo"], "project_types": PROJECT_TYPES, "mirror_selections": mirrors}
        return self.words.json(200, body)

    def start_interview(self, call: Call) -> Answer:
        interview = self.world.start_interview()
        return self.words.json(self.variant.start_status, self.words.interview(interview))

    def interviews(self, call: Call) -> Answer:
        rows = [
            self.words.interview_row(one) for one in reversed(self.world.interviews.values()) if len(one.entries) > 1
        ]
        return self.words.json(200, self.words.listed(rows, "interviews", call.query))

    def interview(self, call: Call, identifier: str) -> Answer:
        return self.words.json(200, self.words.interview(self.world.interview(identifier)))

    def turn(self, call: Call, identifier: str) -> Answer:
        interview = self.world.interview(identifier)
        message = call.document().get("message")
        if not isinstance(message, str) or not message.strip():
            raise Refused(400, "VALIDATION_ERROR", "message is required.")
        key = call.headers.get("Idempotency-Key")
        if key is not None and not re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", key):
            raise Refused(400, "VALIDATION_ERROR", "The Idempotency-Key does not fit.")
        what, job = self.world.submit(interview, message, key)
        if what == "replay":
            return self.words.json(200, self.words.replay(job))
        if what == "flying":
            return self._in_flight(key)
        return self.words.submitted(job)

    def _in_flight(self, key: str | None) -> Answer:
        if self.variant.in_flight == "problem":
            more = {"retryable": True, "retry_after_seconds": 5, "turn_committed": False, "client_request_id": key}
            refused = Refused(409, "INTERVIEW_TURN_IN_FLIGHT", "The original is still in flight.", **more)
            answer = self.words.refusal(refused)
            answer.headers["Retry-After"] = "5"
            return answer
        return Answer(409, b"", {"Retry-After": "5"} if self.variant.in_flight == "header" else {})

    def job(self, call: Call, identifier: str) -> Answer:
        for known, job in self.world.jobs.items():
            if known.lower() == identifier.lower():
                return self.words.json(200, self.words.job(job))
        raise Refused(404, "NOT_FOUND", "There is no such turn.")

    def attach(self, call: Call, identifier: str) -> Answer:
        interview = self.world.interview(identifier)
        name, content = call.upload()
        document = Document(self.world.new_id(), name, len(content))
        interview.documents.append(document)
        return self.words.json(self.variant.document_status, self.words.document(document))

    def documents(self, call: Call, identifier: str) -> Answer:
        rows = [self.words.document(one) for one in self.world.interview(identifier).documents]
        return self.words.json(200, self.words.listed(rows, "documents", call.query))

    def complete(self, call: Call, identifier: str) -> Answer:
        interview = self.world.interview(identifier)
        self.world.complete(interview)
        if not self.variant.complete_has_body:
            return Answer(self.variant.complete_status)
        return self.words.json(self.variant.complete_status, self.words.interview(interview))

    def artifacts(self, call: Call) -> Answer:
        self._optional("intake-artifacts")
        rows = [
            {
                "id": one.artifact_id,
                "interview_id": one.id,
                "project_name": None,
                "completed_at": self.words.when(one.completed_at),
            }
            for one in self.world.interviews.values()
            if one.completed_at is not None
        ]
        return self.words.json(200, self.words.listed(rows, "artifacts", call.query, "count"))

    def kick_off(self, call: Call) -> Answer:
        asked = call.document()
        intake, profile = asked.get("intake_id"), asked.get("review_profile", "Normal")
        if not isinstance(intake, str):
            raise Refused(400, "VALIDATION_ERROR", "intake_id is required.")
        generation = self.world.kick_off(
            intake.upper() if self.variant.upper_ids else intake, profile, asked.get("project_type")
        )
        return self.words.kickoff(generation)

    def generations(self, call: Call, deleted: bool = False) -> Answer:
        found = [one for one in self.world.generations.values() if one.deleted == deleted]
        found.sort(key=lambda one: one.begun, reverse=call.query.get("order", "desc") != "asc")
        rows = [self.words.generation_row(one) for one in found]
        return self.words.json(200, self.words.listed(rows, "generations", call.query))

    def deleted_generations(self, call: Call) -> Answer:
        self._optional("deleted")
        return self.generations(call, deleted=True)

    def generation(self, call: Call, identifier: str) -> Answer:
        return self.words.json(200, self.words.generation(self.world.generation(identifier)))

    def clarifications(self, call: Call, identifier: str) -> Answer:
        generation = self.world.generation(identifier)
        pause = self.world.open_pause(generation)
        shown = pause is not None and (pause.answered_at is None or self.variant.lingers)
        questions = pause.questions if pause is not None and shown else []
        return self.words.json(200, {"state": self.words.state(generation), "clarifications": questions})

    def answers(self, call: Call, identifier: str) -> Answer:
        generation = self.world.generation(identifier)
        given = call.document().get("answers")
        if not isinstance(given, list):
            raise Refused(400, "VALIDATION_ERROR", "answers is required.")
        self.world.answer(generation, {one["question"]: one["answer"] for one in given})
        body = {"generation_id": generation.id, "status_url": path_of("get_generation", generation.id)}
        return self.words.json(self.variant.answers_status, body)

    def package_of(self, call: Call, identifier: str) -> Answer:
        generation = self.world.generation(identifier)
        if not self.world.package_is_there(generation):
            raise Refused(404, "NOT_FOUND", "There is no package yet.")
        return self.words.json(200, self.words.package(generation))

    # Where the bytes are.

    def zip(self, call: Call, identifier: str) -> Answer:
        generation = self.world.package(identifier)
        if self.variant.zip_answer == "direct":
            return self._bytes(call)
        return Answer(self.variant.zip_status, b"", {"Location": self._link(generation)})

    def _link(self, generation: Generation) -> str:
        ends = self.world.now() + self.variant.link_seconds
        name, signed = f"{generation.package_id}.zip", f"?sv=2024-11-04&se={ends:.3f}&{SIGNATURE}"
        return {
            "elsewhere": f"{self.storage_url}/packages/{name}{signed}",
            "same_origin": f"/files/{name}{signed}",
            "beside": f"zip/content{signed}",
            "with_key": f"{self.url}/v1/packages/{generation.package_id}/content",
        }[self.variant.zip_answer]

    def content(self, call: Call, identifier: str) -> Answer:
        self.world.package(identifier)
        return self._bytes(call)

    def storage(self, call: Call) -> Answer:
        """What the storage host answers: a signature is all that counts there, and a key is an offence."""
        with self.world.lock:
            self.world.catch_up()
            if call.headers.get("Authorization") is not None and self.variant.refuses_authorization:
                self.books.mistakes.append("the key was sent to the storage host")
                return Answer(
                    400, b"<Error><Code>InvalidAuthenticationInfo</Code></Error>", {"Content-Type": "application/xml"}
                )
            if not call.has_signature or float(call.query.get("se", "0")) < self.world.now():
                return Answer(
                    403, b"<Error><Code>AuthenticationFailed</Code></Error>", {"Content-Type": "application/xml"}
                )
            return self._bytes(call)

    def _bytes(self, call: Call) -> Answer:
        content = self.world.zip_bytes
        headers = {"Content-Type": "application/zip"}
        etag = {"strong": '"0x8DC"', "weak": 'W/"0x8DC"'}.get(self.variant.etag or "")
        if etag:
            headers["ETag"] = etag
        match = re.fullmatch(r"bytes=(\d+)-", call.headers.get("Range", ""))
        fits = call.headers.get("If-Range") in (None, etag) and self.variant.etag != "weak"
        if not (self.variant.ranges and match and fits):
            return Answer(200, content, headers)
        start = int(match[1])
        if start >= len(content):
            return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return Answer(206, content[start:], headers)


#: What answers each operation, by the contract's name for it.
_HANDLERS: Final[dict[str, Callable[..., Answer]]] = {
    "get_me": SecondService.me,
    "get_usage": SecondService.usage,
    "get_capabilities": SecondService.capabilities,
    "start_interview": SecondService.start_interview,
    "list_interviews": SecondService.interviews,
    "get_interview": SecondService.interview,
    "submit_turn": SecondService.turn,
    "get_turn_job": SecondService.job,
    "complete_interview": SecondService.complete,
    "upload_reference_document": SecondService.attach,
    "list_reference_documents": SecondService.documents,
    "list_intake_artifacts": SecondService.artifacts,
    "start_generation": SecondService.kick_off,
    "list_generations": SecondService.generations,
    "list_deleted_generations": SecondService.deleted_generations,
    "get_generation": SecondService.generation,
    "get_clarifications": SecondService.clarifications,
    "answer_clarifications": SecondService.answers,
    "get_generation_package": SecondService.package_of,
    "get_package_zip": SecondService.zip,
}


def _pattern(operation: str) -> str:
    """Method and path of an operation, with a group for each id."""
    return re.sub(r"\{\w+\}", lambda _: ID, op(operation))


_ROUTES: Final = [
    *((operation, _pattern(operation), handle) for operation, handle in _HANDLERS.items()),
    ("get_package_zip", rf"GET /v1/packages/{ID}/content", SecondService.content),
]
