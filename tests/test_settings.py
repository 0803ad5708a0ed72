"""Settings: which source wins, what is refused and how that is said, and that the key shows nowhere."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from specstep_flows.errors import SettingsError
from specstep_flows.settings import (
    DEFAULT_API_URL,
    LONGEST_SECONDS,
    Settings,
    check_api_key,
    check_api_url,
    is_loopback,
)
from tests.kit.platforms import POSIX_ONLY

KEY = "sf_9f8e7d6c5b4a"


@pytest.fixture(autouse=True)
def _no_file_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    return path


def test_without_anything_the_defaults_hold() -> None:
    """No flag, no variable, no file: the official address, no key, and every source says so."""
    settings = Settings.load(environ={})

    assert settings.api_key is None
    assert settings.api_url == DEFAULT_API_URL
    assert (settings.settle_seconds, settings.request_timeout, settings.clock_speed) == (90.0, 75.0, 1.0)
    assert set(settings.sources.values()) == {"default"}
    assert settings.warnings == ()


def test_flag_before_environment_before_file_before_default(file: Path) -> None:
    """Each setting is taken from the first place that has it, and the place is kept."""
    file.write_text(
        f'api_key = "{KEY}_file"\napi_url = "https://file.example"\nsettle_seconds = 120\n', encoding="utf-8"
    )
    environ = {"SPECSTEP_API_KEY": f"{KEY}_environment", "SPECSTEP_API_URL": "https://environment.example"}

    settings = Settings.load({"api_url": "https://flag.example", "api_key": None}, environ, file)

    assert settings.api_url == "https://flag.example"
    assert settings.api_key == f"{KEY}_environment"
    assert settings.settle_seconds == 120.0
    assert settings.sources == {
        "api_url": "flag",
        "api_key": "SPECSTEP_API_KEY",
        "profile": "default",
        "settle_seconds": str(file),
        "state": "default",
        "request_timeout": "default",
        "clock_speed": "default",
    }


def test_every_setting_can_come_from_every_place(file: Path, tmp_path: Path) -> None:
    """Variables are texts and the file has types; both give the same settings."""
    file.write_text(
        f'api_key = "{KEY}"\napi_url = "http://127.0.0.1:8787/"\nstate = "{tmp_path}"\n'
        "settle_seconds = 0.5\nrequest_timeout = 10\nclock_speed = 60\n",
        encoding="utf-8",
    )
    environ = {
        "SPECSTEP_API_KEY": KEY,
        "SPECSTEP_API_URL": "http://127.0.0.1:8787/",
        "SPECSTEP_STATE": str(tmp_path),
        "SPECSTEP_SETTLE_SECONDS": "0.5",
        "SPECSTEP_REQUEST_TIMEOUT": "10",
        "SPECSTEP_CLOCK_SPEED": "60",
    }
    named = {name.removeprefix("SPECSTEP_").lower(): value for name, value in environ.items()}
    loads = [Settings.load(environ={}, file=file), Settings.load(environ=environ), Settings.load(named, {})]

    assert [attrs_of(settings) for settings in loads] == [(KEY, "http://127.0.0.1:8787", tmp_path, 0.5, 10.0, 60.0)] * 3


def attrs_of(settings: Settings) -> tuple[object, ...]:
    return (
        settings.api_key,
        settings.api_url,
        settings.state_folder(),
        settings.settle_seconds,
        settings.request_timeout,
        settings.clock_speed,
    )


def test_an_empty_variable_is_not_set() -> None:
    """CI systems hand an absent secret over as an empty variable."""
    settings = Settings.load(environ={"SPECSTEP_API_KEY": "", "SPECSTEP_API_URL": "", "SPECSTEP_CONFIG": ""})
    assert settings.api_key is None
    assert settings.api_url == DEFAULT_API_URL


def test_the_file_is_looked_for_where_the_platform_says_or_where_told(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default place may be empty; a file that was named must be there."""
    monkeypatch.setattr("specstep_flows.settings.default_file", lambda: tmp_path / "default.toml")
    assert Settings.load(environ={}).settle_seconds == 90
    (tmp_path / "default.toml").write_text("settle_seconds = 91")
    assert Settings.load(environ={}).settle_seconds == 91
    file.write_text("settle_seconds = 92", encoding="utf-8")
    assert Settings.load(environ={"SPECSTEP_CONFIG": str(file)}).settle_seconds == 92

    with pytest.raises(SettingsError, match=r"nowhere\.toml does not exist"):
        Settings.load(environ={"SPECSTEP_CONFIG": str(tmp_path / "nowhere.toml")})
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(environ={}, file=tmp_path)


def test_state_is_relative_to_the_file_that_names_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative folder in the file does not depend on where the command is run; ``~`` is the home folder."""
    file.write_text('state = "runs"', encoding="utf-8")
    assert Settings.load(environ={}, file=file).state_folder() == file.parent / "runs"
    assert Settings.load(environ={"SPECSTEP_STATE": "~/runs"}).state_folder() == Path.home() / "runs"


def test_without_state_the_platform_has_a_place() -> None:
    """The run store goes to the platform's own folder for state."""
    assert "specstep" in str(Settings.load(environ={}).state_folder())


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (f"{KEY}\n{KEY}", "space or a line break"),
        (f"Bearer {KEY}", "space or a line break"),
        (f"{KEY[:8]}\u00a0{KEY[8:]}", "space or a line break"),
        (f"{KEY}é", "characters that no key has"),
        (f"{KEY}\x00", "characters that no key has"),
        (' " " ', "must begin with sf_"),
        ("9f8e7d6", "must begin with sf_"),
        ("sk-ant-9f8e7d6c5b4a", "one of Anthropic, so it is not sent"),
        ("rk_live_9f8e7d6c5b4a", "one of Stripe, so it is not sent"),
        ("ASIA9F8E7D6C5B4A", "one of AWS, so it is not sent"),
        ("ghu_9f8e7d6c5b4a", "one of GitHub, so it is not sent"),
        ("sk-9f8e7d6c5b4a", "one of OpenAI"),
        ("ghp_9f8e7d6c5b4a", "one of GitHub"),
        ("AKIA9f8e7d6c5b4a", "one of AWS"),
        ("sf_", "the rest is missing"),
        (42, "must be a string"),
    ],
)
def test_a_malformed_key_is_refused_without_showing_it(key: object, reason: str) -> None:
    """The sentence says what is wrong and where it came from, and holds none of the key."""
    with pytest.raises(SettingsError) as caught:
        check_api_key(key, "SPECSTEP_API_KEY")

    assert reason in str(caught.value)
    assert "SPECSTEP_API_KEY" in str(caught.value)
    assert "9f8e" not in repr(caught.value)


@pytest.mark.parametrize(
    "around", ["{}\n", " {}", "{}\r\n", "\t{}\u00a0", '"{}"', "'{}'\n", '"{}\n"', "\u201c{}\u201d", "\ufeff{}", "`{}`"]
)
def test_what_stands_around_a_key_or_an_address_is_no_part_of_it(file: Path, around: str) -> None:
    """Secret stores add a line end, env files keep quotes, and people copy spaces; wherever it is given."""
    key, url = around.format(KEY), around.format("https://specstep.example")
    file.write_text(f"api_key = {json.dumps(key)}\napi_url = {json.dumps(url)}\n", encoding="utf-8")
    for settings in (
        Settings.load(environ={"SPECSTEP_API_KEY": key, "SPECSTEP_API_URL": url}),
        Settings.load({"api_key": key, "api_url": url}, environ={}),
        Settings.load(environ={}, file=file),
        Settings(api_key=key, api_url=url),
    ):
        assert (settings.api_key, settings.api_url) == (KEY, "https://specstep.example")


@pytest.mark.parametrize("key", ["sk_9f8e7d6c5b4a", "SF_9f8e7d6c5b4a", "9f8e7d6c5b4a"])
def test_a_prefix_that_nobody_knows_is_a_warning(key: str) -> None:
    """The pages show two, and the vendor's plugin a third: such a key is tried, and `doctor` says what is odd."""
    settings = Settings.load(environ={"SPECSTEP_API_KEY": key})

    assert settings.api_key == key
    assert any("sf_" in warning for warning in settings.warnings)
    assert key not in repr(settings)
    assert "9f8e" not in " ".join(settings.warnings)


def test_the_plugin_s_variable_for_the_address_is_named() -> None:
    """It is not read: whoever sets it alone would talk to another address than he means."""
    alone = Settings.load(environ={"SPECSTEP_API_BASE": "https://other.example"})
    both = Settings.load(environ={"SPECSTEP_API_BASE": "https://a.example", "SPECSTEP_API_URL": "https://b.example"})

    assert alone.api_url == "https://specstep.com"
    assert any("SPECSTEP_API_BASE" in warning and "SPECSTEP_API_URL" in warning for warning in alone.warnings)
    assert both.warnings == ()


def test_the_profile_of_new_runs_can_be_set(file: Path) -> None:
    """As the quickstart does; the environment comes before the file."""
    file.write_text('profile = "Extensive"\n', encoding="utf-8")

    assert Settings.load(environ={}).profile is None
    assert Settings.load(environ={}, file=file).profile == "Extensive"
    assert Settings.load(environ={"SPECSTEP_PROFILE": "Fast"}, file=file).profile == "Fast"


def test_a_time_may_have_a_unit(file: Path) -> None:
    """In the environment, in the file and as a flag."""
    file.write_text('settle_seconds = "2m"\nrequest_timeout = 5\n', encoding="utf-8")
    settings = Settings.load({"request_timeout": "1m30s"}, {"SPECSTEP_SETTLE_SECONDS": "95s"}, file)

    assert (settings.settle_seconds, settings.request_timeout) == (95.0, 90.0)
    assert Settings.load(environ={}, file=file).settle_seconds == 120.0


@examples(max_examples=30)
@given(st.text(max_size=12), st.sampled_from([KEY, "oat_A-b.c~1/="]), st.text(max_size=12))
def test_nothing_inside_a_key_is_ever_cut(before: str, key: str, after: str) -> None:
    """Whatever stands around it: the key is found whole, or what was given is refused."""
    try:
        found = check_api_key(before + key + after, "flag")
    except SettingsError:
        return
    assert found in before + key + after
    assert key in found


def test_both_kinds_of_keys_are_accepted_as_they_are() -> None:
    """API keys and access tokens; nothing in them is changed."""
    assert check_api_key(KEY, "flag") == KEY
    assert check_api_key("oat_A-b.c~1/=", "flag") == "oat_A-b.c~1/="


@given(st.text().filter(lambda text: not text.startswith(("sf_", "oat_"))))
def test_no_refusal_of_a_key_shows_it(text: str) -> None:
    """Whatever is given as another service's key is refused by a sentence without it."""
    secret = f"sk-zq{text}qz"
    with pytest.raises(SettingsError) as caught:
        check_api_key(secret, "flag")
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_key_is_in_no_repr(file: Path) -> None:
    """Settings can be logged."""
    file.write_text(f'api_key = "{KEY}"', encoding="utf-8")
    settings = Settings.load(environ={}, file=file)

    assert settings.require_key() == KEY
    assert KEY not in repr(settings)
    assert KEY not in str(settings)


def test_a_pickle_holds_no_key_and_a_copy_does() -> None:
    """Settings that go to a queue, a cache or another process go without it; everything else goes with them."""
    settings = Settings(api_key=KEY, api_url="https://specstep.example", settle_seconds=7.0, sources={"state": "flag"})

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(settings, protocol)
        assert KEY.encode() not in pickled
        assert pickle.loads(pickled) == settings.without_key()
    assert copy.copy(settings).api_key == copy.deepcopy(settings).api_key == KEY
    assert attrs.evolve(settings, settle_seconds=8.0).api_key == KEY


@pytest.mark.parametrize(
    "environ",
    [
        {"SPECSTEP_API_URL": f"https://specstep.com/{KEY}"},
        {"SPECSTEP_API_URL": f"https://{KEY}"},
        {"SPECSTEP_API_URL": f"http://{KEY}"},
        {"SPECSTEP_API_URL": f"https://{KEY}/v1"},
        {"SPECSTEP_CONFIG": f"/nowhere/{KEY}.toml"},
        {"SPECSTEP_CONFIG": KEY},
        {"SPECSTEP_CLOCK_SPEED": KEY},
        {"SPECSTEP_STATE": f"\0{KEY}"},
    ],
)
def test_a_key_in_the_wrong_place_is_not_shown(environ: dict[str, str]) -> None:
    """In a URL, in the name of a file, as a number."""
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ=environ)
    assert KEY not in f"{caught.value} {caught.value!r} {vars(caught.value)}"


@pytest.mark.parametrize("key", ["sf_sho rt", "sf_sécret", "sf_a b\r\nX-Header: y", "sf_\0zz", "sf_", "secret", 7])
def test_a_key_from_code_is_checked_as_any_other(key: Any) -> None:
    """One that fits no header would be quoted by whoever refuses it."""
    with pytest.raises(SettingsError) as caught:
        Settings(api_key=key)
    assert str(key)[3:8] not in str(caught.value) or len(str(key)) < 4


def test_an_address_from_code_is_checked_as_any_other() -> None:
    """The key goes nowhere unencrypted."""
    with pytest.raises(SettingsError, match="unencrypted"):
        Settings(api_url="http://specstep.example")
    assert Settings(api_url="HTTPS://SpecStep.example:443/").api_url == "https://specstep.example"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SPECSTEP_APIKEY", "SPECSTEP_API_KEY"),
        ("SPECSTEP_KEY", "SPECSTEP_API_KEY"),
        ("SPECSTEP_API_KYE", "SPECSTEP_API_KEY"),
        ("SPECSTEP_BASE_URL", "SPECSTEP_API_URL"),
        ("SPECSTEP_FLEET_ULR", "SPECSTEP_FLEET_URL"),
        ("SPECSTEP_FLEET_SECRET", "SPECSTEP_FLEET_SECRETS"),
        ("SPECSTEP_FLEET_URL", None),
        ("SPECSTEP_FLEET_CAPACITY", None),
        ("SPECSTEP_KEY_TEAM_A", None),
        ("SPECSTEP_KEY_API", None),
        ("SPECSTEP_DOCS", None),
        ("SPECSTEP_CONFIG_HOME", None),
        ("SPECSTEP_DEBUG", None),
    ],
)
def test_a_variable_that_is_probably_misspelt_is_told(variable: str, meant: str | None) -> None:
    """By doctor, and where there is no key; others are none of ours."""
    settings = Settings.load(environ={variable: "1"})

    said = f"{variable} is not a setting. Did you mean {meant}?"
    assert settings.warnings == ((said,) if meant else ())
    with pytest.raises(SettingsError) as caught:
        settings.require_key()
    assert (said in str(caught.value)) == (meant == "SPECSTEP_API_KEY")


def test_a_missing_key_is_said_with_how_to_give_one() -> None:
    """The sentence names the variable and where keys are made."""
    with pytest.raises(SettingsError, match="Set SPECSTEP_API_KEY"):
        Settings.load(environ={}).require_key()


@pytest.mark.parametrize(
    ("given_url", "origin"),
    [
        ("https://specstep.com", "https://specstep.com"),
        ("https://SpecStep.com/", "https://specstep.com"),
        ("https://specstep.com:443", "https://specstep.com"),
        ("https://staging.specstep.com:8443/", "https://staging.specstep.com:8443"),
        ("http://localhost:8787", "http://localhost:8787"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("http://[::1]:8787", "http://[::1]:8787"),
        ("HTTPS://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("http://localhost.:8787", "http://localhost:8787"),
        ("http://127.1:8787", "http://127.1:8787"),
        ("http://0x7f000001", "http://0x7f000001"),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]"),
        ("https://api.specstep.com.", "https://api.specstep.com."),
        ("https://xn--nxasmq6b.example", "https://xn--nxasmq6b.example"),
        ("https://my_host", "https://my_host"),
    ],
)
def test_an_address_becomes_an_origin(given_url: str, origin: str) -> None:
    """One spelling for one origin, so that limits and runs are found again."""
    assert check_api_url(given_url, "flag") == origin


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://specstep.com", "unencrypted"),
        ("http://localhost.example.com", "unencrypted"),
        ("http://127.0.0.1.example.com", "unencrypted"),
        ("http://10.0.0.1:8787", "unencrypted"),
        ("https://specstep.com/v1", "without /v1"),
        ("specstep.com", "must look like"),
        ("specstep.com:443", "must look like"),
        ("ftp://specstep.com", "must look like"),
        ("https://", "must look like"),
        ("https://:443", "must look like"),
        ("https://a$b.com", "must look like"),
        ("https://specstep.com:0", "must look like"),
        ("https://api..example", "must look like"),
        ("https://.example", "must look like"),
        ("https://.", "must look like"),
        (f"https://{'a' * 64}.example", "must look like"),
        ("https://xn--a", "must look like"),
        ("https://api.xn--a.example", "must look like"),
        ("https://999.1.1.1", "must look like"),
        ("https://127.0.0.01", "must look like"),
        ("https://[:::]", "not a URL"),
        ("https://[1.2.3.4]", ""),
        ("http://10.1", "unencrypted"),
        ("http://1270.1", "unencrypted"),
        ("http://0", "unencrypted"),
        ("https://specstep.com:port", "is not a URL"),
        ("https://specstep.com:99999", "is not a URL"),
        ("https://[::1", "is not a URL"),
        ("https://me:secret99@specstep.com", "must not contain a user name or password"),
        ("https://specstep.com?key=secret99", "must end after the host"),
        ("https://specstep.com/#", "must end after the host"),
        ("https://specstep.com\nx", "characters that no URL has"),
        ("https://spec step.com", "characters that no URL has"),
        ("https://sp\u0435cstep.com", "characters that no URL has"),
        ("https:\\\\specstep.com", "characters that no URL has"),
        (8787, "must be a string"),
    ],
)
def test_an_address_that_does_not_fit_is_refused(url: object, reason: str) -> None:
    """Each with its own sentence, which never repeats a password or a query."""
    with pytest.raises(SettingsError) as caught:
        check_api_url(url, "SPECSTEP_API_URL")
    assert reason in str(caught.value)
    assert "SPECSTEP_API_URL" in str(caught.value)
    assert "secret99" not in str(caught.value)


@given(st.one_of(st.text(), st.text().map("https://{}".format), st.text().map("http://{}".format)))
def test_any_address_is_an_origin_or_a_clear_refusal(url: str) -> None:
    """No text makes anything else than an accepted origin, which is accepted again, or a SettingsError."""
    try:
        origin = check_api_url(url, "flag")
    except SettingsError:
        return
    assert check_api_url(origin, "flag") == origin
    assert origin.startswith("https://") or is_loopback(origin)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settle_seconds", "soon"),
        ("settle_seconds", -1),
        ("settle_seconds", "nan"),
        ("settle_seconds", True),
        ("request_timeout", 0),
        ("request_timeout", "inf"),
        pytest.param("request_timeout", 10**5000, id="long"),
        ("clock_speed", 0),
        ("clock_speed", "-3"),
        ("clock_speed", [1]),
        ("state", "  "),
        ("state", 7),
        ("state", "a\0b"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: object) -> None:
    """Numbers are finite and in range, folders are paths; the sentence says which setting and where from."""
    with pytest.raises(SettingsError, match=r"\(flag\)"):
        Settings.load({name: value, "api_url": "http://localhost"}, {})


@given(st.from_regex(r"https://[][a-z0-9:._x-]{1,80}", fullmatch=True))
def test_an_address_that_is_accepted_can_be_asked(url: str) -> None:
    """Neither httpx nor the socket module has an error of its own for it: it is there, or it is not."""
    try:
        origin = check_api_url(url, "flag")
    except SettingsError:
        return
    asked = httpx.URL(origin)
    assert asked.host or asked.raw_host
    asked.raw_host.decode().encode("idna")


@pytest.mark.parametrize("value", ["1e300", "604801", 10**20, 1e18])
@pytest.mark.parametrize("name", ["request_timeout", "settle_seconds"])
def test_a_time_without_end_is_the_longest_there_is(name: str, value: Any) -> None:
    """People write such numbers for "no time-out", which no clock can hold."""
    assert getattr(Settings.load({name: value}, {}), name) == LONGEST_SECONDS
    if not isinstance(value, str):
        assert getattr(Settings(**{name: value}), name) == LONGEST_SECONDS


@pytest.mark.parametrize("value", ["1e-300", "1e300", pytest.param(10**5000, id="long"), "0.0001", "2e6"])
def test_a_clock_by_which_nothing_can_wait_is_refused(value: Any) -> None:
    """Every wait by the slowest and the fastest one fits a timer."""
    with pytest.raises(SettingsError, match="clock speed"):
        Settings.load({"clock_speed": value, "api_url": "http://localhost"}, {})


def test_the_clock_runs_faster_on_loopback_only() -> None:
    """Against the real service a faster clock would mean polling and giving up too early."""
    with pytest.raises(SettingsError, match="on loopback"):
        Settings.load(environ={"SPECSTEP_CLOCK_SPEED": "60"})
    assert Settings.load(environ={"SPECSTEP_CLOCK_SPEED": "1"}).clock_speed == 1
    local = {"SPECSTEP_CLOCK_SPEED": "60", "SPECSTEP_API_URL": "http://localhost:1"}
    assert Settings.load(environ=local).clock_speed == 60


def test_a_short_settle_time_is_warned_of_where_it_costs() -> None:
    """Below the front door's ceiling a late commit could be missed; on loopback that is the user's own business."""
    short = {"SPECSTEP_SETTLE_SECONDS": "5"}
    assert "pay for a run twice" in Settings.load(environ=short).warnings[0]
    assert Settings.load(environ={**short, "SPECSTEP_API_URL": "http://localhost"}).warnings == ()


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('api_ulr = "https://specstep.com"', "Did you mean 'api_url'?"),
        ("max_cost_usd = 5", "It is an option of a run"),
        ("colour = 1", "'colour'. Nothing was sent."),
    ],
)
def test_a_setting_that_does_not_exist_is_refused(file: Path, line: str, hint: str) -> None:
    """A limit that is not read must not pass for one: the file is refused, with the name that was probably meant."""
    file.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        Settings.load(environ={}, file=file)
    assert f"{file} has an unknown setting: {line.split()[0]!r}." in refused.value.message
    assert hint in refused.value.message


def test_a_file_that_is_not_toml_is_refused_with_the_place(file: Path) -> None:
    """Line and column, and nothing of the line itself: it may be the key's."""
    file.write_text(f'settle_seconds = 90\napi_key = {KEY}"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"line 2, column 11") as caught:
        Settings.load(environ={}, file=file)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__

    file.write_bytes(b'api_key = "\xff"')
    with pytest.raises(SettingsError, match="not UTF-8"):
        Settings.load(environ={}, file=file)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_key_that_others_can_read_is_warned_of(file: Path) -> None:
    """Only when the file holds a key."""
    file.chmod(0o644)
    file.write_text("settle_seconds = 90", encoding="utf-8")
    assert Settings.load(environ={}, file=file).warnings == ()
    file.write_text(f'api_key = "{KEY}"', encoding="utf-8")
    assert "chmod 600" in Settings.load(environ={}, file=file).warnings[0]
    file.chmod(0o600)
    assert Settings.load(environ={}, file=file).warnings == ()


def test_an_unreadable_default_file_is_only_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something odd in the default place, as in a container, does not stop who needs no file."""
    monkeypatch.setattr("specstep_flows.settings.default_file", lambda: tmp_path)
    assert "cannot be read" in Settings.load(environ={}).warnings[0]


def test_importing_settings_loads_neither_platformdirs_nor_toml() -> None:
    """They are loaded when a folder or a file is needed."""
    code = "import sys, specstep_flows.settings; print(sorted({'platformdirs', 'tomllib'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["settle_seconds", "request_timeout", "clock_speed"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "5", True, None])
def test_a_number_given_to_the_class_itself_is_checked_too(name: str, value: Any) -> None:
    """A settle time that is nan would be waited out for ever, with a paid run in it."""
    with pytest.raises(SettingsError, match="must be a number"):
        Settings(**{name: value})


@pytest.mark.parametrize(
    "given",
    [{"api_url": "http://specstep.example"}, {"api_url": "https://a..b"}, {"api_key": "key"}, {"api_key": "sf_a\nb"}],
)
def test_an_address_and_a_key_given_to_the_class_itself_are_checked_too(given: dict[str, Any]) -> None:
    """The key is sent encrypted, or nowhere."""
    with pytest.raises(SettingsError, match=r"\(argument\)"):
        Settings(**given)
    assert Settings(api_url="https://SpecStep.com/").api_url == "https://specstep.com"


def test_a_mark_at_the_start_of_the_file_is_none_of_its_text(file: Path) -> None:
    """Windows editors and PowerShell write one."""
    file.write_bytes(b"\xef\xbb\xbfrequest_timeout = 30\n")
    assert Settings.load(environ={}, file=file).request_timeout == 30


@pytest.mark.parametrize("value", ["9" * 5000, "9" * 400, "[" * 5000, "2026-13-45", "1e999"], ids=len)
def test_a_value_that_no_setting_can_have_is_refused(file: Path, value: str) -> None:
    """Numbers without end, and brackets without end."""
    file.write_text(f"request_timeout = {value}\n", encoding="utf-8")
    with pytest.raises(SettingsError):
        Settings.load(environ={}, file=file)


@POSIX_ONLY
@pytest.mark.parametrize("variable", ["SPECSTEP_STATE", "SPECSTEP_CONFIG"])
def test_a_home_folder_of_nobody_is_refused(variable: str) -> None:
    """Python raises RuntimeError for it."""
    with pytest.raises(SettingsError, match=rf"no home folder for ~nobody-here/x \({variable}\)"):
        Settings.load(environ={variable: "~nobody-here/x"})


@pytest.mark.parametrize("answer", [RuntimeError("no home"), Path("~/.config/specstep")])
def test_a_user_without_a_home_folder_works_with_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: RuntimeError | Path
) -> None:
    """In a container, for instance: nothing but the place of the runs must be said."""

    def folder(*_: object, **__: object) -> Path:
        if isinstance(answer, RuntimeError):
            raise answer
        return answer

    monkeypatch.setattr("platformdirs.user_config_path", folder)
    monkeypatch.setattr("platformdirs.user_state_path", folder)

    assert Settings.load(environ={"SPECSTEP_STATE": str(tmp_path)}).state_folder() == tmp_path
    with pytest.raises(SettingsError, match="Set SPECSTEP_STATE"):
        Settings.load(environ={}).state_folder()


@POSIX_ONLY
def test_a_file_without_end_is_refused() -> None:
    """It is not read to the end of the memory."""
    with pytest.raises(SettingsError, match="too large"):
        Settings.load(environ={"SPECSTEP_CONFIG": "/dev/zero"})


@pytest.mark.parametrize(
    ("name", "meant"), [("request_timout", "request_timeout"), ("store", "state"), ("max_cost_usd", None)]
)
def test_a_name_that_is_no_setting_is_refused_from_code_as_from_the_file(name: str, meant: str | None) -> None:
    """A misspelt settle time would otherwise be the default without a word."""
    with pytest.raises(SettingsError) as refused:
        Settings.load({name: 600}, environ={}, source="argument")

    hint = f"Did you mean {meant!r}?" if meant else "It is an option of a run: give it to `run`"
    assert refused.value.message.startswith(f"There is no setting {name!r} (argument). {hint}")
    assert refused.value.message.endswith("Nothing was sent.")


def test_a_fast_clock_and_the_real_service_are_told_with_the_way_out() -> None:
    """Whoever has tried the sandbox still has its clock's speed in the environment."""
    with pytest.raises(SettingsError) as refused:
        Settings.load(environ={"SPECSTEP_CLOCK_SPEED": "60"})

    assert refused.value.message == (
        "A clock speed of 60 (SPECSTEP_CLOCK_SPEED) only works with a service on loopback: https://specstep.com "
        "runs in real time. Remove it, or set SPECSTEP_API_URL to the sandbox's address. Nothing was sent."
    )


def test_a_fast_clock_made_in_code_is_refused_as_one_that_is_loaded() -> None:
    """With it, the settle time of a paid request would be over in a moment, and the request sent again."""
    with pytest.raises(SettingsError, match=r"A clock speed of 60 \(argument\) only works with a service on loopback"):
        Settings(clock_speed=60)
    local = Settings(api_url="http://localhost:8787", clock_speed=60)
    with pytest.raises(SettingsError, match="only works with a service on loopback"):
        attrs.evolve(local, api_url=DEFAULT_API_URL)
