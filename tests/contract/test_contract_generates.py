"""A client can be generated from the contract as it stands, and nothing is lost on the way.

The generator drops what it cannot express and overwrites what shares a name, without failing. So the modules
that come out are compared with the operations that went in, and every one of them is imported.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

IMPORT_ALL = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import contract_client
modules = [each.name for each in pkgutil.walk_packages(contract_client.__path__, "contract_client.")]
for module in modules:
    importlib.import_module(module)
models = importlib.import_module("contract_client.models")
print(json.dumps({"modules": modules, "models": models.__all__}))
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, contract: Any) -> Path:
    """The folder of a client that has just been generated from the contract."""
    folder = tmp_path_factory.mktemp("generated")
    document, settings = folder / "contract.json", folder / "settings.yaml"
    document.write_text(json.dumps(contract.document), encoding="utf-8")
    settings.write_text(yaml.safe_dump({"post_hooks": [], "project_name_override": "x"}), encoding="utf-8")
    generator = "import sys; from openapi_python_client.cli import app; app(sys.argv[1:])"
    where = ["--path", str(document), "--config", str(settings), "--output-path", str(folder / "contract_client")]
    done = subprocess.run(
        [sys.executable, "-c", generator, "generate", *where, "--meta", "none", "--fail-on-warning"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "contract_client"


@pytest.mark.slow
def test_every_operation_becomes_a_module_of_its_tag(client: Path, contract: Any) -> None:
    """Each operation has a module, named by its id in the folder of its tag, which sends its method and path."""
    expected = {
        f"{operation['tags'][0]}/{operation['operationId']}": re.sub(r"{\w+}", "{}", name)
        for name, operation in contract.operations.items()
    }
    found = {}
    for module in (client / "api").glob("*/*.py"):
        if module.stem != "__init__":
            text = module.read_text(encoding="utf-8")
            method = re.search(r'"method": "(\w+)"', text)
            url = re.search(r'"url": "([^"]+)"', text)
            assert method is not None, module
            assert url is not None, module
            found[f"{module.parent.name}/{module.stem}"] = f"{method[1].upper()} {re.sub(r'{[^}]+}', '{}', url[1])}"

    assert found == expected
    assert len(found) == 112


@pytest.mark.slow
def test_every_module_and_every_model_can_be_imported(client: Path, contract: Any) -> None:
    """The generated modules are Python that runs, and each object or enum of the contract is a model."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, str(client.parent)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    imported = json.loads(done.stdout)
    operations = [name for name in imported["modules"] if re.fullmatch(r"contract_client\.api\.\w+\.\w+", name)]

    assert len(operations) == 112
    assert contract.schemas.keys() <= set(imported["models"])
