"""Typed readers of environment variables.

Every reader also accepts `NAME_FILE`, the path of a file that holds the value; an empty value
counts as not set. A wrong value adds one clear line to `problems` and reads as the default, so
that `stop_if_wrong` can show all that is wrong at once. Values of secrets are never repeated.
"""

import re
import ssl
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.allowed_hosts import AllowedHost, parse_allowed_hosts

Choice = TypeVar("Choice", bound=str)

_HOST = re.compile(r"\*|\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_KEY = re.compile(r"[!-~]+")
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


class Environment:
    """Reads `values`, usually `os.environ`. `names` collects every variable asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.names: set[str] = set()
        self.problems: list[str] = []

    def refuse(self, line: str) -> None:
        """Note one thing that is wrong, as a sentence that names the variable."""
        if line not in self.problems:
            self.problems.append(line)

    def stop_if_wrong(self) -> None:
        """Show what is wrong, one line each, and leave with exit code 1."""
        if not self.problems:
            return
        for line in self.problems:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
        raise SystemExit(1)

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding white space."""
        value = self._read(name)
        return default if value is None else value

    def secret(self, name: str) -> str:
        """As `text`; a reader of its own so that nothing shows the value by mistake."""
        return self.text(name)

    def key(self, name: str) -> str:
        """A secret that goes into a header of HTTP: on one line, without spaces."""
        value = self.secret(name)
        if value and not _KEY.fullmatch(value):
            self.refuse(f"{name} must be a key without spaces, as the provider gave it.")
        return value

    def integer(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """A whole number within the limits."""
        value = self._read(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            number = None
        if number is None or not minimum <= number <= maximum:
            self.refuse(
                f"{name} must be a whole number between {minimum} and {maximum}, "
                f"not {_show(value)}."
            )
            return default
        return number

    def seconds(self, name: str, default: float, *, minimum: float, maximum: float) -> float:
        """A length of time in seconds, fractions allowed."""
        value = self._read(name)
        if value is None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = None
        # Written this way round because every comparison with nan is false.
        if number is None or not minimum <= number <= maximum:
            self.refuse(
                f"{name} must be a number of seconds between {minimum:g} and {maximum:g}, "
                f"not {_show(value)}."
            )
            return default
        return number

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """`true` or `false`, also 1/0, yes/no, on/off."""
        value = self._read(name)
        if value is None:
            return default
        if value.lower() in YES:
            return True
        if value.lower() not in NO:
            self.refuse(f"{name} must be true or false, not {_show(value)}.")
            return default
        return False

    def choice(self, name: str, default: Choice, options: Iterable[Choice]) -> Choice:
        """One of `options`."""
        value = self._read(name)
        if value is None:
            return default
        options = tuple(options)
        for option in options:
            if value.lower() == option.lower():
                return option
        self.refuse(f"{name} must be one of {', '.join(options)}, not {_show(value)}.")
        return default

    def strings(self, name: str, default: Iterable[str] = ()) -> list[str]:
        """Values between commas."""
        value = self._read(name)
        if value is None:
            return list(default)
        return [item for item in (part.strip() for part in value.split(",")) if item]

    def hosts(self, name: str, default: Iterable[str] = ()) -> list[str]:
        """Names or addresses between commas, as a Host header has them, without port.

        A dot before a name: and all below it. A star: any.
        """
        found = self.strings(name, default)
        for host in found:
            if not _HOST.fullmatch(host):
                self.refuse(
                    f"{name} must hold names of hosts such as chat.example.org, without scheme "
                    f"and port, not {_show(host)}."
                )
        return found

    def origins(self, name: str) -> list[str]:
        """Origins between commas: scheme and host, no path."""
        found = self.strings(name)
        for origin in found:
            parts = _split(origin)
            if not parts or parts[2].rstrip("/") or "*" in parts[1].removeprefix("*."):
                self.refuse(
                    f"{name} must hold origins such as https://chat.example.org, "
                    f"not {_show(origin)}."
                )
        return [origin.rstrip("/") for origin in found]

    def url(self, name: str, default: str = "") -> str:
        """An http or https address. Not repeated when wrong: it may hold a password."""
        value = self._read(name)
        if value is None:
            return default
        if not _split(value):
            self.refuse(f"{name} must be an address such as https://api.example.org/v1.")
            return default
        return value

    def allowed_hosts(self, name: str) -> tuple[AllowedHost, ...]:
        """Names, addresses or networks between commas; the first two also with a port."""
        try:
            return parse_allowed_hosts(self.strings(name))
        except ValueError as error:
            self.refuse(
                f"{name} must hold hosts such as ollama.lan:11434 or networks such as "
                f"192.168.1.0/24, not {_show(str(error))}."
            )
            return ()

    def certificates(self, name: str) -> str:
        """The path of a file of certificates in PEM; empty when not set."""
        file = self.text(name)
        if not file:
            return ""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
        except OSError as error:  # Also the base of all errors of TLS.
            reason = "no certificates in it" if isinstance(error, ssl.SSLError) else error.strerror
            self.refuse(f"{name} must be a file of certificates in PEM: {file} ({reason}).")
            return ""
        return str(Path(file).absolute())

    def time_zone(self, name: str, default: str) -> str:
        """A name of the time zone database."""
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.refuse(f"{name} must be a time zone such as Europe/Berlin, not {_show(value)}.")
            return default
        return value

    def path(self, name: str, default: Path) -> Path:
        """An absolute path; a relative one counts from the working directory."""
        value = self._read(name)
        return default if value is None else Path(value).expanduser().absolute()

    def _read(self, name: str) -> str | None:
        """The value of `NAME` or the content of the file `NAME_FILE`; None when not set."""
        self.names.add(name)
        value = self.values.get(name, "").strip()
        file = self.values.get(f"{name}_FILE", "").strip()
        if not file:
            return value or None
        if value:
            self.refuse(f"{name} and {name}_FILE are both set: keep one of them.")
            return None
        try:
            content = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            self.refuse(f"{name}_FILE names a file that cannot be read: {file} ({reason}).")
            return None
        if not content:
            self.refuse(f"{name}_FILE names an empty file: {file}.")
        return content or None


def _split(address: str) -> tuple[str, str, str] | None:
    """Scheme, host and path of an http address; None when it is not one."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in address:
        return None
    return parts.scheme, parts.hostname, parts.path + parts.query + parts.fragment


def _show(value: str) -> str:
    """The value for a message, shortened and on one line."""
    return repr(value if len(value) <= 60 else value[:57] + "...")
