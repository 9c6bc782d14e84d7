"""The command line: `tinynet COMMAND`, or `python -m tinynet COMMAND`.

A command is a module of this package of the same name with a docstring, `EXAMPLES`, `add_arguments(parser)` and
`run(arguments)`, which returns the exit status; `COMMANDS` names them all. Only the module of the command that is
run is imported.

Exit status: 0 for success; 1 where the answer is no, or the work could not be done; 2 for a wrong command line or
a file that is not there; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NoReturn

import tinynet
from tinynet.cli.arguments import UsageError
from tinynet.cli.text import WIDTH, say
from tinynet.errors import MissingFileError, TinynetError

COMMANDS = {
    "train": "train a network, or go on training a file",
    "study": "train variants with several seeds, compare and report",
    "evaluate": "score a model on data: table by class, confusion matrix",
    "predict": "run a model on texts, images or arrays",
    "inspect": "show what a file holds, and what is unsafe in it",
    "convert": "write a model in another format",
    "verify": "compare with Keras, or with check vectors",
    "certify": "record check vectors into a copy of a file",
    "gradcheck": "check derivatives numerically",
    "bench": "time training steps and predictions",
    "completion": "print what lets a shell complete these commands",
}

DESCRIPTION = """\
Trains classifiers, runs and checks models, and looks into their files.
Nothing that stands in a model's file is ever executed.
"""
START = """\
to begin with:
  {prog} train lstm nusax -o sentiment.keras
  {prog} evaluate sentiment.keras nusax
  {prog} predict sentiment.keras "pelayanan buruk" "makanan enak"
  {prog} COMMAND --help
"""
STATUSES = """\
exit status:
  0  yes, or done
  1  no, or it could not be done
  2  a wrong command line, or a missing file
"""
INTERRUPTED, PIPE_CLOSED = 130, 141  # what shells report of programs that these signals end


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


class Help(argparse.RawDescriptionHelpFormatter):
    """Help with each command and what it does in one line; argparse indents commands once more than it counts."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += self._indent_increment


def command_module(name: str) -> ModuleType:
    """The module of a command."""
    return importlib.import_module(f"{__name__}.{name}")


def make_parser(words: Sequence[str] = ()) -> Parser:
    """The parser of a command line: of all commands' names, and of the arguments of the one among its words."""
    started_as_module = os.path.basename(sys.argv[0]) == "__main__.py"
    prog = "python -m tinynet" if started_as_module else "tinynet"
    parser = Parser(
        prog=prog, description=DESCRIPTION, epilog=f"{START.format(prog=prog)}\n{STATUSES}", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"tinynet {tinynet.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", parser_class=Parser)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, told in COMMANDS.items():
        command = commands.add_parser(name, help=told, formatter_class=Help, allow_abbrev=False)
        if name == chosen:
            module = command_module(name)
            command.description = _wrapped(module.__doc__)
            examples = "\n".join(f"  {prog} {example}" for example in module.EXAMPLES)
            command.epilog = f"examples:\n{examples}\n\n{STATUSES}"
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
        except KeyboardInterrupt as error:
            return _failed(str(error) or "interrupted", INTERRUPTED)
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
    words = sys.argv[1:] if argv is None else argv
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what a word may become
        from tinynet.cli.completion import complete

        complete(make_parser)
    parser = make_parser(words)
    try:
        arguments = parser.parse_args(words)
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
