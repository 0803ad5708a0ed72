"""For the documentation site: docstrings as Markdown has them, and fields without the words of builtins."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

import griffe

#: Before an example, which Markdown knows by its indentation.
_MARK: Final = re.compile(r"^\s*::\n|(?<=\w:):$", re.MULTILINE)
_BUILTINS: Final = {inspect.getdoc(kind) for kind in (dict, frozenset, list, tuple)}
_EMPTY: Final = {repr(kind): repr(kind()) for kind in (dict, frozenset, list, tuple)}


class MarkdownDocstrings(griffe.Extension):
    """Leaves out reStructuredText's mark of an example, and what a default's class says about itself."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Take an object that is being read, before its fields are."""
        if obj.docstring is not None:
            obj.docstring.value = _MARK.sub("", obj.docstring.value)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Take a class with its fields."""
        for section in cls.docstring.parsed if cls.docstring is not None else ():
            if isinstance(section, griffe.DocstringSectionParameters | griffe.DocstringSectionAttributes):
                for field in section.value:
                    if field.description in _BUILTINS:
                        field.description = ""
                    if isinstance(field.value, str):
                        field.value = _EMPTY.get(field.value, field.value)
