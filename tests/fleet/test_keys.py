"""Keys by their names: where they come from, and that they go nowhere."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.errors import SettingsError
from specstep_flows.fleet.keys import Keys, check_key_name

SECRET = "sf_0123456789abcdef"


def test_variables_and_a_file_name_keys(tmp_path: Path) -> None:
    """A variable comes before the file; names are compared in one form."""
    file = tmp_path / "keys.toml"
    file.write_text(f'team-a = "sf_from_the_file"\nTeam_B = "{SECRET}"\n')
    keys = Keys.from_env(
        {"SPECSTEP_FLEET_KEYS": str(file), "SPECSTEP_KEY_TEAM_A": "sf_from_the_environment", "SPECSTEP_API_KEY": SECRET}
    )

    assert sorted(keys) == ["default", "team-a", "team-b"]
    assert keys["TEAM_A"] == "sf_from_the_environment"
    assert keys.require("team-b") == SECRET
    assert keys.sources == {"default": "SPECSTEP_API_KEY", "team-a": "SPECSTEP_KEY_TEAM_A", "team-b": str(file)}


def test_a_missing_key_names_what_there_is() -> None:
    """And the variable to set."""
    with pytest.raises(SettingsError, match=r"no key called team-b.*Did you mean 'team-a'.*SPECSTEP_KEY_TEAM_B"):
        Keys({"team-a": SECRET}).require("team-b")


@pytest.mark.parametrize(
    "environ",
    [
        {"SPECSTEP_KEY_-": SECRET},
        {f"SPECSTEP_KEY_{'A' * 41}": SECRET},
        {"SPECSTEP_KEY_A": f"{SECRET} {SECRET}"},
        {"SPECSTEP_FLEET_KEYS": "/does/not/exist"},
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(environ: dict[str, str]) -> None:
    """No message has any part of a key."""
    with pytest.raises(SettingsError) as refused:
        Keys.from_env(environ)
    assert "0123456789" not in str(refused.value)


@pytest.mark.parametrize("name", [SECRET, f" {SECRET}", "oat_0123456789", "sk-0123456789"])
def test_a_key_in_place_of_its_name_is_refused_without_showing_it(name: str) -> None:
    """It would be stored with the run, and be shown to whoever lists runs."""
    with pytest.raises(SettingsError, match="never the key itself") as refused:
        check_key_name(name)
    assert "0123456789" not in str(refused.value)
    assert check_key_name("SF_OFFICE") == "sf-office"


def test_a_broken_file_does_not_show_what_is_in_it(tmp_path: Path) -> None:
    """Whoever parses it quotes the line."""
    file = tmp_path / "keys.toml"
    file.write_text(f"team-a = {SECRET}\n")
    with pytest.raises(SettingsError, match="is not TOML") as refused:
        Keys.from_env({"SPECSTEP_FLEET_KEYS": str(file)})
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"


@pytest.mark.parametrize("shown", [repr, str, lambda keys: f"{keys}", lambda keys: str({"keys": keys})])
def test_keys_show_their_names_alone(shown: Any) -> None:
    """In logs and tracebacks as well."""
    text = shown(Keys({"team-a": SECRET}))
    assert "team-a" in text
    assert SECRET not in text


def test_keys_cannot_be_sent() -> None:
    """A pickle lands in queues and files."""
    with pytest.raises(TypeError, match="not sent anywhere"):
        pickle.dumps(Keys({"team-a": SECRET}))
