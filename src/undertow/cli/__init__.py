"""The command line: verbs by name, loaded when they are called, and one line for every error."""

import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Annotated, Any, TextIO

from cyclopts import App, CycloptsError, Group, Parameter

from undertow.cli import streams
from undertow.cli.options import SHARED
from undertow.cli.parsing import as_option, explain, read_value, remedy
from undertow.errors import DataError, UsageError, memory_fault, printable, shown
from undertow.version import version

VERBS = {
    "demo": "undertow.cli.demo:demo",
    "data": {
        "list": "undertow.cli.data:list_sets",
        "fetch": "undertow.cli.data:fetch_set",
        "info": "undertow.cli.data:info",
    },
    "recipes": "undertow.cli.recipes:recipes",
    "train": "undertow.cli.train:train",
    "distil": "undertow.cli.distil:distil",
    "average": "undertow.cli.average:average",
    "generate": "undertow.cli.generate:generate",
    "translate": "undertow.cli.translate:translate",
    "speak": "undertow.cli.speak:speak",
    "transcribe": "undertow.cli.transcribe:transcribe",
    "classify": "undertow.cli.classify:classify",
    "segment": "undertow.cli.segment:segment",
    "tag": "undertow.cli.tag:tag",
    "vocode": "undertow.cli.vocode:vocode",
    "reconstruct": "undertow.cli.reconstruct:reconstruct",
    "interpolate": "undertow.cli.interpolate:interpolate",
    "probe": "undertow.cli.probe:probe",
    "items": "undertow.cli.items:items",
    "abx": "undertow.cli.abx:abx",
    "units": "undertow.cli.units:units",
    "encode": "undertow.cli.encode:encode",
    "decode": "undertow.cli.decode:decode",
    "score": "undertow.cli.score:score",
    "info": "undertow.cli.info:info",
    "quantise": "undertow.cli.quantise:quantise",
    "bench": "undertow.cli.bench:bench",
    "compare": "undertow.cli.compare:compare",
    "cost": "undertow.cli.cost:cost",
    "plot": "undertow.cli.plot:plot",
}
HELP = (
    "Autoregressive models of raw sequences: sound, text, music or images. Train one, generate or translate with "
    "it, and measure how well it learnt."
)
GROUP_HELP = {"data": "List and download named data sets; describe a file or folder of data."}

DATA_STATUS, USAGE_STATUS, INTERRUPT_STATUS = 1, 2, 130
DEBUG = "--debug"
LONG_WORD = 300  # characters; the longest name of a file has 255


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command: `arguments`, or those of the process.

    Raises:
        SystemExit: with status 2 for a wrong request, 1 for wrong data, 130 when interrupted.
    """
    tokens = sys.argv[1:] if arguments is None else list(arguments)
    streams.prepare()
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            _app(tokens).meta(tokens, exit_on_error=False, print_error=False, result_action="return_value")
            sys.stdout.flush()
        except (CycloptsError, DataError, UsageError, OSError, MemoryError, RuntimeError, KeyboardInterrupt) as error:
            if isinstance(error, RuntimeError) and memory_fault(error) is None:
                raise
            if DEBUG in tokens:
                traceback.print_exc()
            sys.exit(_report(error, tokens))


def _app(tokens: Sequence[str]) -> App:
    app = App(
        name="undertow",
        help=HELP,
        help_format="plaintext",
        version=version,
        group_commands=Group("Verbs", sort_key=0),
        default_parameter=Parameter(negative=(), show_default=_shown_default, converter=read_value),
        suppress_keyboard_interrupt=False,
    )
    app.meta.suppress_keyboard_interrupt = False
    _add(app, VERBS)
    if not tokens or tokens[0] in (*app.help_flags, *GROUP_HELP):
        _load(app, VERBS)

    @app.meta.default
    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        debug: Annotated[bool, Parameter(name=DEBUG, group=SHARED, help="Show the traceback of an error.")] = False,
    ) -> None:
        app(tokens, exit_on_error=False, print_error=False, result_action="return_value")

    return app


def _add(app: App, verbs: dict[str, Any]) -> None:
    """Register verbs by their import paths, without importing them."""
    for place, (name, verb) in enumerate(verbs.items()):
        if isinstance(verb, dict):
            group = App(name=name, help=GROUP_HELP[name], sort_key=place)
            _add(group, verb)
            app.command(group)
        else:
            app.command(verb, name=name, sort_key=place)


def _load(app: App, verbs: dict[str, Any]) -> None:
    """Import verbs, so that a list of them shows the first lines of their docstrings."""
    for name, verb in verbs.items():
        if isinstance(verb, dict):
            _load(app[name], verb)
        else:
            app[name]


def _report(error: BaseException, tokens: Sequence[str]) -> int:
    """Print an error in one line on stderr, and return the exit status."""
    if isinstance(error, BrokenPipeError):  # the reader of the output closed it
        streams.discard(sys.stdout)
        return DATA_STATUS
    if isinstance(error, KeyboardInterrupt):
        _tell(f"\nundertow: {printable(str(error)) or 'interrupted'}")
        return INTERRUPT_STATUS
    text = explain(error) if isinstance(error, CycloptsError) else memory_fault(error) or str(error)
    if isinstance(error, UsageError):
        text = as_option(text, tokens)
    if isinstance(error, DataError):
        text += remedy(error, tokens)
    if isinstance(error, OSError) and error.strerror:
        text = f"{os.fsdecode(error.filename)}: {error.strerror}" if error.filename else error.strerror
    words = [word if len(word) < LONG_WORD else shown(word) for word in text.split()]
    _tell(f"undertow: {printable(' '.join(words))}")
    return USAGE_STATUS if isinstance(error, CycloptsError | UsageError) else DATA_STATUS


def _tell(line: str) -> None:
    """Print a line on stderr, whose reader may be gone."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        streams.discard(sys.stderr)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _tell(f"undertow: warning: {printable(str(message))}")


def _shown_default(value: Any) -> str | None:
    """A default as help shows it: empty for flags that are off and for optional values."""
    return None if value is None or value is False or value == () else str(value)
