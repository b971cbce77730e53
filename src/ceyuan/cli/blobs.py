"""`ceyuan blobs`: look after the stored content."""

from __future__ import annotations

from typing import Annotated

import typer

from ceyuan.cli.offline import with_stopped_platform
from ceyuan.cli.output import say
from ceyuan.cli.platform import DataOption

app = typer.Typer(help="The stored content: check it, free space.", no_args_is_help=True)


@app.command()
def scrub(data: DataOption = None) -> None:
    """Read all stored content and set corrupted pieces aside; the exit status is 0 only if there are none."""
    from ceyuan.kernel.blobs import scrub as check

    report = with_stopped_platform(data, check)
    for digest in report.corrupt:
        say((f"已损坏并隔离:{digest}", f"corrupted, set aside: {digest}"))
    size = report.checked_bytes / 1e6
    say(
        (
            f"检查了 {report.checked} 个文件({size:.1f} MB),{len(report.corrupt)} 个损坏",
            f"checked {report.checked} pieces ({size:.1f} MB), {len(report.corrupt)} corrupted",
        )
    )
    if report.corrupt:
        raise typer.Exit(1)


@app.command()
def collect(
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count")] = False,
) -> None:
    """Delete content that nothing refers to any more and that is older than the store's grace period."""
    from ceyuan.kernel.blobs import collect_garbage

    report = with_stopped_platform(data, lambda platform: collect_garbage(platform, dry_run=dry_run))
    freed = report.freed_bytes / 1e6
    say(
        (
            f"{'将删除' if dry_run else '已删除'} {report.deleted} 个文件({freed:.1f} MB),保留 {report.kept} 个",
            f"{'would delete' if dry_run else 'deleted'} {report.deleted} pieces ({freed:.1f} MB), kept {report.kept}",
        )
    )
