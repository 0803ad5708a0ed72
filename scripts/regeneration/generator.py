"""Running the pinned generator in a scratch folder, and looking at its output before anything uses it.

As a program (``python -m regeneration.generator ALIGNED SETTINGS TEMPLATES OUTPUT``) it is the child process that the
generator runs in: warnings and errors go to stderr, and any of them makes the exit code 1.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from regeneration.document import JsonObject
from regeneration.errors import RegenerationError
from regeneration.fit import reserve_template_names
from regeneration.project import PACKAGE, child_environment, run_child
from regeneration.text import is_writable

_PINNED: Final = ("openapi-python-client", "ruff")
SCRIPTS: Final = Path(__file__).resolve().parent.parent


def check_tools(pyproject: Path) -> None:
    """See that the generator and the formatter are the pinned ones: others would write another text.

    Raises:
        RegenerationError: one is missing, or has another version than ``pyproject.toml`` pins.
    """
    requirements = _requirements(pyproject)
    for tool in _PINNED:
        pin = re.search(rf"(?m)^{re.escape(tool)}==(\S+)$", requirements)
        try:
            installed = version(tool)
        except PackageNotFoundError:
            raise RegenerationError(f'{tool} is not installed; run pip install -e ".[dev]".') from None
        if pin is not None and pin[1] != installed:
            raise RegenerationError(
                f"{tool} {installed} is installed, but the committed client is made with {pin[1]}, and another version "
                'writes another text; run pip install -e ".[dev]".'
            )
    if not (Path(sys.executable).parent / "ruff").exists():
        raise RegenerationError(
            f"ruff is not beside {sys.executable}; without it, the generator leaves its output unfinished."
        )


def generate_client(aligned: Path, settings: Path, templates: Path, output: Path) -> None:
    """Generate the package ``output`` from an aligned document.

    Raises:
        RegenerationError: the generator warned of anything, or failed.
    """
    environment = child_environment(PYTHONPATH=str(SCRIPTS), PYTHONDONTWRITEBYTECODE="1")
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    command = [sys.executable, "-m", "regeneration.generator", *map(str, (aligned, settings, templates, output))]
    run = run_child(command, environment)
    if run.returncode or run.stderr.strip():
        said = run.stderr.strip().splitlines()[-12:]
        raise RegenerationError(["The generator did not take the aligned document:", *(line[:600] for line in said)])
    _check_hooks(output, environment)
    (output / "py.typed").write_text("")


def _check_hooks(output: Path, environment: dict[str, str]) -> None:
    """See that the formatter went over everything: it passes over what it thinks ignored without a word."""
    command = ["ruff", "format", "--check", "--no-cache", "--isolated", "--no-respect-gitignore", "-q", "."]
    if subprocess.run(command, cwd=output, env=environment, capture_output=True, check=False).returncode:
        raise RegenerationError(
            "The generator's hooks left code unformatted; see post_hooks in openapi/generator.yaml."
        )


def _requirements(pyproject: Path) -> str:
    """Every requirement of the project, one a line."""
    try:
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
    except FileNotFoundError:
        return ""
    extras = project.get("optional-dependencies", {})
    return "\n".join([*project.get("dependencies", []), *(entry for extra in extras.values() for entry in extra)])


_MODULES: Final = frozenset(
    {"__future__", "attrs", "collections.abc", "datetime", "enum", "http", "httpx", "importlib", "io", "json", "typing",
     "urllib.parse", "uuid"}
)  # fmt: skip
_CALLED_ON_IMPORT: Final = frozenset({"TypeVar", "_attrs_field"})
_DECORATORS: Final = frozenset({"_attrs_define", "classmethod", "property"})
_AT_TOP: Final = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign, ast.If)
_NEVER: Final = frozenset({"eval", "exec", "compile", "open", "__import__", "getattr", "setattr", "vars", "input"})

_IMPORT_EVERYTHING: Final = """
import importlib, json, pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root.parent))
failed = {}
for path in sorted(root.rglob("*.py")):
    name = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
    try:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            getattr(module, public)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps(failed))
"""


def inspect_client(client: Path, aligned: JsonObject) -> None:
    """Check a generated package against the aligned document it was made from.

    Raises:
        RegenerationError: an operation was lost or doubled, a module cannot be imported, or a file holds code that no
            template writes.
    """
    _vet(client)
    _compare_operations(client, aligned)
    _import_everything(client)


def _vet(client: Path) -> None:
    """A document must not be able to put code into a source file: imports, top levels and names are known ones."""
    for path in sorted([*client.glob("api/**/*.py"), *client.glob("models/*.py")]):
        source = path.read_text(encoding="utf-8")
        complaint = _complaint(path, source)
        if complaint:
            name = path.relative_to(client.parent).as_posix()
            raise RegenerationError(f"The generated file {name} {complaint}; the document is not used.")


def _complaint(path: Path, source: str) -> str:
    if not is_writable(source.replace("\n", "")):
        return "has characters that can't be seen"
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "is not Python"
    if path.name == "__init__.py":
        return ""
    for number, statement in enumerate(tree.body):
        if not isinstance(statement, _AT_TOP) and not (number == 0 and _is_text(statement)):
            return f"has a statement at its top level that no template writes (line {statement.lineno})"
    bodies: list[ast.AST] = []
    for node in _nodes(tree, bodies):
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in _CALLED_ON_IMPORT):
            return f"would call something on import (line {node.lineno})"
        said = _unknown(node)
        if said:
            return said
    return next(filter(None, (_unknown(node) for body in bodies for node in _nodes(body))), "")


def _nodes(root: ast.AST, bodies: list[ast.AST] | None = None) -> Iterator[ast.AST]:
    """Everything in a piece of source; where there is a list for them, the statements in functions go there instead.

    Defaults and decorators of functions are no such statements: they are evaluated when the function is made.
    """
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        outside = bodies is not None and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for name, value in node.__dict__.items():
            if isinstance(value, list):
                found = [inner for inner in value if isinstance(inner, ast.AST)]
                (bodies if bodies is not None and outside and name == "body" else waiting).extend(found)
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                waiting.append(value)


def _unknown(node: ast.AST) -> str:
    """What no template writes: a decorator, an import or a name; empty for everything else."""
    if isinstance(node, ast.Name | ast.Attribute):
        used = node.id if isinstance(node, ast.Name) else node.attr
        return f"uses {used}" if used in _NEVER or (used.startswith("__") and used != "__new__") else ""
    if isinstance(node, ast.Import | ast.ImportFrom):
        named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        is_ours = isinstance(node, ast.ImportFrom) and node.level > 0
        return f"imports {named[0]}" if not is_ours and any(name not in _MODULES for name in named) else ""
    for decorator in getattr(node, "decorator_list", ()):
        if not (isinstance(decorator, ast.Name) and decorator.id in _DECORATORS):
            return f"has a decorator that no template writes (line {decorator.lineno})"
    return ""


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _compare_operations(client: Path, aligned: JsonObject) -> None:
    expected = Counter(
        (method, re.sub(r"\{[^{}]*\}", "{}", path)) for path, item in aligned["paths"].items() for method in item
    )
    found = Counter(
        request for path in client.glob("api/*/*.py") if path.name != "__init__.py" for request in _requests(path)
    )
    sentences = [f"{method.upper()} {path} was lost in generation." for method, path in sorted(expected - found)]
    sentences += [f"{method.upper()} {path} was generated once too often." for method, path in sorted(found - expected)]
    for path, item in aligned["paths"].items():
        for method, operation in item.items():
            module = client / "api" / operation["tags"][0] / f"{operation['operationId']}.py"
            if not module.exists():
                sentences.append(f"{method.upper()} {path} has no module {module.relative_to(client)}.")
    if sentences:
        raise RegenerationError(sentences)


def _requests(module: Path) -> list[tuple[str, str]]:
    """Method and path of the requests that a generated module builds, as its dictionary of arguments states them."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_kwargs"):
            continue
        if isinstance(node.value, ast.Dict):
            stated = dict(zip(map(_text, node.value.keys), map(_text, node.value.values), strict=True))
            found.append((stated["method"], re.sub(r"\{[^{}]*\}", "{}", stated["url"])))
    return found


def _text(node: ast.expr | None) -> str:
    """The string that an expression is, or that is formatted in it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _text(node.func.value)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _import_everything(client: Path) -> None:
    command = [sys.executable, "-B", "-c", _IMPORT_EVERYTHING, str(client)]
    environment = child_environment(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH="")
    run = run_child(command, environment)
    try:
        failed = json.loads(run.stdout)
    except ValueError:
        raise RegenerationError(f"The generated package {PACKAGE} can't be imported.") from None
    if failed:
        raise RegenerationError(
            [f"The generated module {name} can't be imported: {error}" for name, error in failed.items()]
        )


def main(arguments: list[str]) -> int:
    """Generate, and say what the generator did not like."""
    document, settings, templates, output = (Path(argument) for argument in arguments)
    reserve_template_names()
    config = Config.from_sources(
        ConfigFile.load_from_path(settings),
        meta_type=MetaType.NONE,
        document_source=document,
        file_encoding="utf-8",
        overwrite=False,
        output_path=output,
    )
    problems = generate(config=config, custom_template_path=templates)
    for problem in problems:
        lines = [problem.header, problem.detail or ""]
        print(" ".join(" ".join(lines).split()), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
