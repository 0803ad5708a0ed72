"""The committed client: every operation is there, what is read is read leniently, what is sent is strict."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from regeneration.errors import Notes
from regeneration.reader import read_contract
from specstep_client import models
from specstep_client.types import UNSET, File

from tests.kit.api import STATE
from tests.kit.regeneration.clients import ROOT, run_in, tried_out

Json = Any
ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"


def test_every_operation_has_its_module(contract: Json) -> None:
    """All documented operations are importable, in the package of their tag, under their operation id."""
    operations = read_contract(contract, Notes(), documented=True).operations.values()

    assert len(operations) == 112
    for operation in operations:
        module = importlib.import_module(f"specstep_client.api.{operation.tag}.{operation.operation_id}")
        arguments = [UUID(ID)] * len(operation.path_parameters)
        if not operation.requests and not any(parameter.required for parameter in operation.parameters):
            sent = module._get_kwargs(*arguments)
            assert sent["method"] == operation.method
            assert re.sub(ID, "{}", sent["url"]) == operation.route.blanked


@pytest.mark.slow
def test_every_class_and_operation_works(tmp_path: Path) -> None:
    """Fit values survive a round trip; unfit ones fail no reading; every request is built with what it is given."""
    shutil.copy(ROOT / "openapi" / "aligned.json", tmp_path)
    shutil.copytree(ROOT / "generated" / "specstep_client", tmp_path / "specstep_client")

    assert tried_out(tmp_path) == []


UNFIT: list[Json] = [None, 7, True, "no such thing", "2026-99-99", [], [None, 1, {}], {}, {"a": 1}, float("nan")]


class TestReading:
    @pytest.mark.parametrize("value", UNFIT, ids=str)
    def test_unfit_field(self, value: Json) -> None:
        """A field that is missing, null, of another type or unparsable fails nothing: it is there as it came."""
        for field in ("id", STATE, "started_at", "progress_percent", "refinement_summary", "consistency_findings"):
            generation = models.Generation.from_dict({"project_name": "Ada", field: value})

            assert generation.project_name == "Ada"

    def test_unfit_value_is_kept(self) -> None:
        """An unparsable value is kept as it came, so that it can be shown."""
        generation = models.Generation.from_dict({"id": "x", "started_at": 5, "refinement_summary": "none"})

        kept: Json = (generation.id, generation.started_at, generation.refinement_summary)
        assert kept == ("x", 5, "none")

    def test_missing(self) -> None:
        """A missing field reads as unset, a null one as None."""
        generation = models.Generation.from_dict({STATE: None})

        assert getattr(generation, STATE) is None
        assert generation.id is UNSET

    def test_new_field(self) -> None:
        """A field that nobody documented is in the additional properties."""
        assert models.Generation.from_dict({"mood": "fine"}).additional_properties == {"mood": "fine"}

    def test_seven_digits(self) -> None:
        """Dates with seven fractional digits, as .NET writes them, are read."""
        generation = models.Generation.from_dict({"started_at": "2026-05-30T10:00:00.1234567Z"})

        assert isinstance(generation.started_at, datetime)
        assert generation.started_at.isoformat() == "2026-05-30T10:00:00.123456+00:00"


class TestSending:
    def test_required(self) -> None:
        """What must be sent cannot be left out."""
        with pytest.raises(TypeError, match="intake_id"):
            models.StartGenerationRequest()  # type: ignore[call-arg]

    def test_left_out(self) -> None:
        """What is left out is not sent, and the server's default applies."""
        assert models.StartGenerationRequest(intake_id=UUID(ID)).to_dict() == {"intake_id": ID}

    def test_optional_body(self) -> None:
        """A body that is left out sends no content type."""
        from specstep_client.api.generations import cancel_generation

        assert cancel_generation._get_kwargs(UUID(ID))["headers"] == {}
        assert cancel_generation._get_kwargs(UUID(ID), body=models.CancelRequest())["headers"] == {
            "Content-Type": "application/json"
        }

    def test_fresh_boundary(self) -> None:
        """A form has no fixed boundary, so no file can add parts to it."""
        import httpx
        from specstep_client.api.reference_documents import upload_reference_document

        injected: Json = b"--+++\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--+++--"
        file = File(payload=injected, file_name="a.pdf")
        kwargs = upload_reference_document._get_kwargs(UUID(ID), body=models.ReferenceDocumentUpload(file=file))
        request = httpx.Request(
            kwargs["method"], "http://localhost" + kwargs["url"], files=kwargs["files"], headers=kwargs["headers"]
        )

        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert "+++" not in request.headers["content-type"]


class TestOpenEnums:
    def test_unknown_value(self) -> None:
        """A value that nobody has seen stays a value: equal to its text, hashed, copied and pickled like it."""
        state = models.GenerationState("Translating")

        assert state == "Translating"
        assert state == models.GenerationState("Translating")
        assert hash(state) == hash("Translating")
        assert {str(state): 1, state: 1} == {"Translating": 1}
        assert json.dumps(state) == '"Translating"'
        assert str(state) == f"{state}" == "Translating"
        assert pickle.loads(pickle.dumps(state)) == state
        assert copy.deepcopy(state) == state
        assert isinstance(state, models.GenerationState)

    def test_unknown_is_no_member(self) -> None:
        """It is none of the known members, and does not become one."""
        models.GenerationState("Translating")

        assert "Translating" not in {member.value for member in models.GenerationState}
        assert models.GenerationState("Translating") not in list(models.GenerationState)

    def test_known_value(self) -> None:
        """Known values are the members, also after a trip through pickle."""
        assert models.GenerationState("Complete") is models.GenerationState.COMPLETE
        assert pickle.loads(pickle.dumps(models.GenerationState.COMPLETE)) is models.GenerationState.COMPLETE

    @pytest.mark.parametrize("value", [None, 5, b"Complete", ["Complete"]])
    def test_no_text(self, value: Json) -> None:
        """What is no text is no value."""
        with pytest.raises(ValueError, match="not a valid"):
            models.GenerationState(value)

    def test_in_a_body(self) -> None:
        """An unknown value in a body is read and sent back as it is."""
        generation = models.Generation.from_dict({STATE: "Translating"})

        assert getattr(generation, STATE) == "Translating"
        assert generation.to_dict()[STATE] == "Translating"


def test_models_are_lazy() -> None:
    """Importing the models package loads no model; asking for one loads it and what it is made of."""
    counted = run_in(
        ROOT / "generated",
        "import sys, specstep_client.models as models; before = [m for m in sys.modules if 'client.models.' in m];"
        "models.Clarification; after = [m for m in sys.modules if 'client.models.' in m];"
        "print(len(before), len(after), 'Generation' in dir(models))",
    )

    assert counted == "0 1 True"


def test_unknown_model() -> None:
    """A class that is not there is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = models.Nothing  # type: ignore[attr-defined]


def test_typed() -> None:
    """The package says that it is typed."""
    assert (ROOT / "generated" / "specstep_client" / "py.typed").exists()
