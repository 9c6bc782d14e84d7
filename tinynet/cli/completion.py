"""Prints what lets a shell complete commands, options, files and names when Tab is pressed.

It needs the extra 'completion' (argcomplete), also while completing. What is printed belongs into the file that the
shell reads when it starts; the examples try it in the running shell.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
from collections.abc import Callable, Sequence

from tinynet.cli.text import say
from tinynet.errors import MissingDependencyError, require

EXAMPLES = (
    "completion bash >> ~/.bashrc",
    "completion zsh >> ~/.zshrc",
    "completion fish > ~/.config/fish/completions/tinynet.fish",
)
SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    """Prints the script of a shell."""
    argcomplete = require("argcomplete", "completion", "completing command lines")
    # Bash's own script of argcomplete serves zsh, too; it is there once zsh's compinit has run.
    start = "autoload -U +X compinit && compinit\n" if arguments.shell == "zsh" else ""
    say(start + argcomplete.shellcode(["tinynet"], shell=arguments.shell).strip().expandtabs(4))
    return 0


def complete(make_parser: Callable[[Sequence[str]], argparse.ArgumentParser]) -> None:
    """Answers a shell that asks, and ends the process; does nothing where argcomplete is not installed."""
    with contextlib.suppress(MissingDependencyError):
        argcomplete = require("argcomplete", "completion", "completing command lines")
        argcomplete.autocomplete(make_parser(_words(os.environ.get("COMP_LINE", ""))), always_complete_options=False)


def _words(line: str) -> list[str]:
    """The words of a command line after the program's name; one whose quotes are still open is split at its spaces."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return words[1:]
