"""Typed readers: what they accept, what they refuse, and in which words."""

from pathlib import Path

import pytest

from config.env import Environment


def test_values_are_read_by_type(tmp_path: Path) -> None:
    env = Environment(
        {
            "TEXT": "  words  ",
            "PORT": "8001",
            "WAIT": "0.5",
            "ON": "Yes",
            "OFF": "0",
            "LEVEL": "warning",
            "HOSTS": "a.example, b.example,,",
            "BASE": "https://api.example.org/v1",
            "PLACE": str(tmp_path),
            "ZONE": "Europe/Berlin",
        }
    )
    assert env.text("TEXT") == "words"
    assert env.integer("PORT", 1, minimum=1, maximum=65535) == 8001
    assert env.seconds("WAIT", 9, minimum=0.1, maximum=10) == 0.5
    assert env.boolean("ON") is True
    assert env.boolean("OFF", default=True) is False
    assert env.choice("LEVEL", "INFO", ("INFO", "WARNING")) == "WARNING"
    assert env.strings("HOSTS") == ["a.example", "b.example"]
    assert env.url("BASE") == "https://api.example.org/v1"
    assert env.path("PLACE", Path("/")) == tmp_path
    assert env.time_zone("ZONE", "UTC") == "Europe/Berlin"
    assert env.problems == []


def test_what_is_not_set_or_empty_reads_as_the_default() -> None:
    env = Environment({"PORT": "", "ON": "  ", "PORT_FILE": ""})
    assert env.integer("PORT", 7, minimum=1, maximum=9) == 7
    assert env.boolean("ON", default=True) is True
    assert env.text("TEXT", "default") == "default"
    assert env.strings("HOSTS", ["x"]) == ["x"]
    assert env.problems == []


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("abc", "PORT must be a whole number between 1 and 65535, not 'abc'."),
        ("0", "PORT must be a whole number between 1 and 65535, not '0'."),
        ("65536", "PORT must be a whole number between 1 and 65535, not '65536'."),
        ("8000.5", "PORT must be a whole number between 1 and 65535, not '8000.5'."),
    ],
)
def test_a_wrong_number_is_one_clear_line(value: str, line: str) -> None:
    env = Environment({"PORT": value})
    assert env.integer("PORT", 8000, minimum=1, maximum=65535) == 8000
    assert env.problems == [line]


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_a_wrong_length_of_time_is_refused(value: str) -> None:
    env = Environment({"WAIT": value})
    assert env.seconds("WAIT", 10, minimum=0, maximum=60) == 10
    assert env.problems == [f"WAIT must be a number of seconds between 0 and 60, not {value!r}."]


def test_other_wrong_values_name_the_variable_and_what_is_right() -> None:
    env = Environment({"ON": "maybe", "LEVEL": "loud", "ZONE": "Mars/Olympus"})
    env.boolean("ON")
    env.choice("LEVEL", "INFO", ("INFO", "WARNING"))
    env.time_zone("ZONE", "UTC")
    assert env.problems == [
        "ON must be true or false, not 'maybe'.",
        "LEVEL must be one of INFO, WARNING, not 'loud'.",
        "ZONE must be a time zone such as Europe/Berlin, not 'Mars/Olympus'.",
    ]


@pytest.mark.parametrize(
    "value",
    ["api.example.org", "ftp://example.org", "https://", "http://[::1", "http://a b", "http://h:x"],
)
def test_a_wrong_address_is_refused_without_repeating_it(value: str) -> None:
    env = Environment({"BASE": value})
    assert env.url("BASE", "http://default") == "http://default"
    assert env.problems == ["BASE must be an address such as https://api.example.org/v1."]


def test_hosts_are_names_or_addresses() -> None:
    good = Environment({"HOSTS": "a.example, .b.example,localhost,127.0.0.1,[::1],C-d.example,*"})
    expected = ["a.example", ".b.example", "localhost", "127.0.0.1", "[::1]", "C-d.example", "*"]
    assert good.hosts("HOSTS") == expected
    assert good.hosts("OTHERS", ["localhost"]) == ["localhost"]
    assert good.problems == []


def test_origins_have_no_path() -> None:
    good = Environment({"ORIGINS": "https://a.example/, https://*.b.example, http://c:8000"})
    assert good.origins("ORIGINS") == ["https://a.example", "https://*.b.example", "http://c:8000"]
    assert good.problems == []
    for wrong in ("a.example", "https://a.example/chat", "https://*", "*"):
        env = Environment({"ORIGINS": wrong})
        env.origins("ORIGINS")
        assert len(env.problems) == 1, wrong


def test_every_variable_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text("8001\n", encoding="utf-8")
    env = Environment({"PORT_FILE": str(file), "KEY_FILE": str(file)})
    assert env.integer("PORT", 1, minimum=1, maximum=65535) == 8001
    assert env.secret("KEY") == "8001"
    assert env.problems == []


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    env = Environment(
        {
            "A_FILE": str(tmp_path / "none"),
            "B_FILE": str(tmp_path / "empty"),
            "C_FILE": str(tmp_path / "binary"),
            "D_FILE": str(tmp_path / "none"),
            "D": "set",
        }
    )
    for name in "ABCD":
        assert env.text(name) == ""
    none = tmp_path / "none"
    assert env.problems == [
        f"A_FILE names a file that cannot be read: {none} (No such file or directory).",
        f"B_FILE names an empty file: {tmp_path / 'empty'}.",
        f"C_FILE names a file that cannot be read: {tmp_path / 'binary'} (it is not text).",
        "D and D_FILE are both set: keep one of them.",
    ]


def test_all_problems_are_shown_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    env = Environment({"A": "x", "B": "y"})
    env.boolean("A")
    env.boolean("B")
    with pytest.raises(SystemExit) as stop:
        env.stop_if_wrong()
    assert stop.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "A must be true or false, not 'x'.",
        "B must be true or false, not 'y'.",
    ]
