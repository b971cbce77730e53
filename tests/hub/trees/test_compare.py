"""What differs between two trees."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.hub.trees import EMPTY, EMPTY_TREE_ID, Draft, compare, walk
from tests.hub.trees.memory import MemorySource, build, text_file

names = st.sampled_from(["a", "b/c", "b/d/e", "f", "g/h"])
trees = st.dictionaries(names, st.sampled_from(["1", "2"]))


@given(trees, trees)
@settings(max_examples=100, deadline=None)
def test_the_difference_is_what_leads_from_one_to_the_other(old: dict[str, str], new: dict[str, str]) -> None:
    async def check() -> None:
        source = MemorySource()
        before, after = await build(source, old), await build(source, new)
        changes = [c async for c in compare(source, before, after)]
        assert {c.path: c.status for c in changes} == (
            dict.fromkeys(new.keys() - old.keys(), "added")
            | dict.fromkeys(old.keys() - new.keys(), "removed")
            | {p: "changed" for p in old.keys() & new.keys() if old[p] != new[p]}
        )

    asyncio.run(check())


async def test_a_small_change_in_a_huge_folder_is_found_by_reading_little() -> None:
    source = MemorySource()
    before = await build(source, {f"{n:05d}": str(n) for n in range(10_000)})
    after = await build(source, {"05000": "changed"}, before)
    source.read = 0
    assert [c.path async for c in compare(source, before, after)] == ["05000"]
    assert source.read <= 6


async def test_a_file_that_became_a_folder_is_removed_and_its_content_added() -> None:
    source = MemorySource()
    before = await build(source, {"x": "file"})
    after = await build(source, {"x/y": "below"})
    assert [(c.path, c.status) async for c in compare(source, before, after)] == [("x", "removed"), ("x/y", "added")]


async def test_everything_was_added_to_the_empty_tree() -> None:
    source = MemorySource()
    after = await build(source, {"a": "1", "b": "2"})
    assert EMPTY.tree_id == EMPTY_TREE_ID
    assert [c.status async for c in compare(source, EMPTY, after)] == ["added", "added"]


async def test_a_listing_goes_on_where_it_stopped() -> None:
    source = MemorySource()
    root = await build(source, {p: p for p in ("a/b", "a/c/d", "a/e", "a.x", "b", "c/a")})
    everything = [p async for p, _ in walk(source, root)]
    for position, path in enumerate(everything):
        rest = [p async for p, _ in walk(source, root, after=path.split("/"))]
        assert rest == everything[position + 1 :]


async def test_a_deleted_path_may_be_the_cursor() -> None:
    source = MemorySource()
    root = await build(source, {"a/b": "1", "c": "2"})
    draft = Draft(source, root)
    await draft.put("a/d", text_file("a/d", "3"))
    root = source.keep(draft.seal())
    assert [p async for p, _ in walk(source, root, after=["a", "c"])] == ["a/d", "c"]
