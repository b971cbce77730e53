"""Write docs/reference/settings.md, commands.md and routes.md from the program itself."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import ceyuan
from ceyuan.kernel.settings import Section
from scripts.openapi import document

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
_NOTE = "<!-- Written by `make docs`; a test fails when it is out of date. -->\n"


def _load_settings() -> None:
    for module in pkgutil.walk_packages(ceyuan.__path__, "ceyuan."):
        if module.name.rsplit(".", 1)[-1] == "settings":
            importlib.import_module(module.name)


def _variable(section: type[Section], name: str) -> str:
    return f"{section.model_config.get('env_prefix', '')}{name}".upper()


def _default(value: Any) -> str:
    shown = repr(value)
    return "" if "PydanticUndefined" in shown else f"`{shown}`"


def settings() -> str:
    """Every setting of every room, by environment variable."""
    _load_settings()
    parts = ["# Settings\n", _NOTE, "Read from the environment when the platform starts.\n"]
    own = (section for section in Section.__subclasses__() if section.__module__.startswith("ceyuan."))
    for section in sorted(own, key=lambda s: s.__module__):
        parts.append(f"\n## {section.__module__.removeprefix('ceyuan.').removesuffix('.settings')}\n")
        parts.append(f"{(section.__doc__ or '').strip()}\n")
        parts.append("| variable | default | meaning |\n|---|---|---|")
        for name, field in section.model_fields.items():
            if not field.description:
                raise SystemExit(f"{section.__qualname__}.{name} has no description")
            meaning = field.description.replace("|", "\\|").replace("\n", " ")
            parts.append(f"| `{_variable(section, name)}` | {_default(field.default)} | {meaning} |")
    return "\n".join(parts) + "\n"


def routes() -> str:
    """Every route, by tag."""
    by_tag: dict[str, list[str]] = {}
    for path, item in sorted(document()["paths"].items()):
        for method, operation in item.items():
            if method not in {"get", "put", "post", "patch", "delete", "head"}:
                continue
            words = (operation.get("description") or operation.get("summary") or "").strip().split("\n\n")[0]
            line = f"| `{method.upper()} {path}` | {' '.join(words.split())} |"
            by_tag.setdefault((operation.get("tags") or ["other"])[0], []).append(line)
    parts = [
        "# Routes\n",
        _NOTE,
        "The OpenAPI document is `/api/v1/openapi.json`; its snapshot is `openapi.json` here.\n",
    ]
    for tag in sorted(by_tag):
        parts += [f"\n## {tag}\n", "| route | what it does |\n|---|---|", *by_tag[tag]]
    return "\n".join(parts) + "\n"


def commands() -> str:
    """Every command of the command line."""
    import typer

    from ceyuan.cli.main import app

    parts = ["# Commands\n", _NOTE]

    def walk(command: Any, path: list[str]) -> None:
        children = getattr(command, "commands", None)
        if children is not None or hasattr(command, "list_commands"):
            for name in command.list_commands(None):
                child = command.get_command(None, name)
                if child is not None and not getattr(child, "hidden", False):
                    walk(child, [*path, name])
            return
        parts.append(f"\n## `{' '.join(path)}`\n")
        parts.append(" ".join((command.help or "").split()) + "\n")
        rows = []
        for parameter in command.params:
            if parameter.name == "help":
                continue
            shown = (
                ", ".join(f"`{o}`" for o in parameter.opts)
                if parameter.opts[0].startswith("-")
                else f"`{parameter.name}`"
            )
            rows.append(f"| {shown} | {' '.join((getattr(parameter, 'help', '') or '').split())} |")
        if rows:
            parts.append("| option | meaning |\n|---|---|")
            parts.extend(rows)

    walk(typer.main.get_command(app), ["ceyuan"])
    return "\n".join(parts) + "\n"


PAGES = {"settings.md": settings, "routes.md": routes, "commands.md": commands}


def main() -> int:
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
