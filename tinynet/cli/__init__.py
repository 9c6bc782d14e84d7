"""The command line: `python -m tinynet COMMAND`.

A command is a module of this package with `HELP` (a line), `EXAMPLE`, `add_arguments(parser)` and
`run(arguments)`, which returns the exit status; `COMMANDS` names them all.

Exit status: 0 for success; 1 where the answer is no, or the work could not be done; 2 for a wrong command line or
a file that is not there; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NoReturn

import tinynet
from tinynet.cli import certify, convert, inspect, predict, verify
from tinynet.cli.arguments import UsageError
from tinynet.cli.text import WIDTH, say
from tinynet.errors import MissingFileError, TinynetError

COMMANDS: dict[str, ModuleType] = {
    "inspect": inspect,
    "predict": predict,
    "convert": convert,
    "certify": certify,
    "verify": verify,
}

DESCRIPTION = "Looks into files of models and runs them. Nothing that stands in a file is ever executed."
INTERRUPTED, PIPE_CLOSED = 130, 141  # what shells report of programs that these signals end


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def make_parser() -> Parser:
    """The parser of all commands."""
    started_as_module = os.path.basename(sys.argv[0]) == "__main__.py"
    parser = Parser(
        prog="python -m tinynet" if started_as_module else "tinynet", description=DESCRIPTION, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"tinynet {tinynet.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=_wrapped(module.__doc__),
            epilog=f"example:\n  {parser.prog} {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line (without the program's name; the process's own by default); returns the exit status."""
    with _undisturbed():
        try:
            try:
                status = _run(argv)
            finally:
                sys.stdout.flush()
        except KeyboardInterrupt:
            return _failed("interrupted", INTERRUPTED)
        except BrokenPipeError:
            # Whoever read the output has seen enough; Python must not complain of it on its way out.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return PIPE_CLOSED
        except (UsageError, MissingFileError, FileNotFoundError) as error:
            return _failed(error, 2)
        except MemoryError:
            return _failed("there is not enough memory for this", 1)
        except (TinynetError, OSError) as error:
            return _failed(error, 1)
    return status


def _wrapped(text: str | None) -> str:
    """A docstring's paragraphs, as wide as a terminal."""
    return "\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in (text or "").strip().split("\n\n"))


def _run(argv: Sequence[str] | None) -> int:
    parser = make_parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as exit:  # of --help and --version
        return int(exit.code or 0)
    if arguments.command is None:
        say(parser.format_help().rstrip())
        return 0
    return int(arguments.run(arguments))


def _failed(error: Any, status: int) -> int:
    if isinstance(error, OSError) and error.strerror:
        error = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    with contextlib.suppress(OSError):
        say(f"tinynet: error: {_line(error)}", sys.stderr)
    return status


def _line(text: Any) -> str:
    """A text in one line; what was a list is one still."""
    return " ".join(str(text).replace("\n- ", "; ").split())


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Within it a character that the terminal does not have is escaped, and a warning is one line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    def show(message: Any, *_: Any) -> None:
        say(f"tinynet: warning: {_line(message)}", sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield
