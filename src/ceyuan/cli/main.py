"""`ceyuan`: the entry point. Each noun is a module of this package, imported only when its command is used."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import tempfile
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ceyuan import __version__, cli
from ceyuan.cli.output import Format, language, set_format
from ceyuan.kernel.errors import CeyuanError, Text, choose

_NOT_NOUNS = {"main", "output", "connection", "offline"}


def _modules() -> dict[str, str]:
    """Command → module; a name with an underscore is a part of another module's command."""
    names = [m.name for m in pkgutil.iter_modules(cli.__path__)]
    found = {name: name for name in names if name not in _NOT_NOUNS and "_" not in name}
    for module, verbs in TOP_LEVEL.items():
        found.pop(module, None)
        found |= dict.fromkeys(verbs, module)
    return found


TOP_LEVEL = {
    "platform": ("up", "demo", "doctor", "backup", "restore", "upgrade", "login", "logout"),
}
"""Modules whose commands stand at the top: `ceyuan up`, not `ceyuan platform up`."""


class _Nouns(TyperGroup):
    """Loads the module of a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(_modules())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = cmd_name.replace("-", "_")
        module_name = _modules().get(name)
        if module_name is None:
            return None
        app: typer.Typer = importlib.import_module(f"ceyuan.cli.{module_name}").app
        command = typer.main.get_command(app)
        if module_name in TOP_LEVEL:
            return getattr(command, "commands", {}).get(cmd_name)
        return command


app = typer.Typer(
    cls=_Nouns,
    name="ceyuan",
    help="Ceyuan 策源: compute, data, models, evaluation, applications, governance, programmes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ceyuan {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    format: Annotated[Format, typer.Option(help="how to print results")] = Format.auto,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    set_format(format)


def run(arguments: list[str] | None = None) -> Any:
    """Run a command; an error is one line on stderr and exit status 1, a fault of the program itself 70."""
    try:
        return app(arguments)
    except CeyuanError as error:
        sys.stderr.write(f"ceyuan: {error.line(language())}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as fault:
        sys.stderr.write(f"ceyuan: {choose(_unforeseen(fault), language())}\n")
        sys.exit(70)


def _unforeseen(fault: Exception) -> Text:
    """One line about a fault of the program itself; the trace goes to a file for whoever mends it."""
    from ceyuan.kernel.secrets.redaction import redact

    with tempfile.NamedTemporaryFile("w", prefix="ceyuan-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(redact("".join(traceback.format_exception(fault))))
    words = redact(f"{type(fault).__name__}: {fault}".splitlines()[0][:300])
    return (f"程序出错:{words};详情见 {file.name}", f"a fault of the program: {words}; the trace is in {file.name}")


if __name__ == "__main__":
    run()
