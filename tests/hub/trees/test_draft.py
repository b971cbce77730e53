"""Any sequence of changes to a tree equals the same changes to a dictionary, and the ids say only the content."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.hub.trees import (
    EMPTY,
    CaseCollision,
    Draft,
    File,
    Folder,
    PathMissing,
    PathTaken,
    TreeProblem,
    find,
    walk,
)
from tests.hub.trees.memory import MemorySource, build, text_file

segments = st.sampled_from(["a", "b", "c", "数据", "z.txt"])
paths = st.lists(segments, min_size=1, max_size=3).map("/".join)
words = st.sampled_from(["one", "two", "three"])
operations = st.lists(
    st.one_of(st.tuples(st.just("put"), paths, words), st.tuples(st.just("delete"), paths, st.just(""))), max_size=25
)


async def contents(source: MemorySource, root: Folder) -> dict[str, File]:
    return {path: file async for path, file in walk(source, root)}


def apply_to_model(model: dict[str, File], kind: str, path: str, word: str) -> bool:
    """Do it to the dictionary; false if a tree must refuse it."""
    below = [p for p in model if p.startswith(f"{path}/")]
    if kind == "delete":
        gone = [path] if path in model else below
        for one in gone:
            del model[one]
        return bool(gone)
    above = ["/".join(path.split("/")[:n]) for n in range(1, path.count("/") + 1)]
    if below or any(p in model for p in above):
        return False
    model[path] = text_file(path, word)
    return True


async def replay(steps: list[list[tuple[str, str, str]]]) -> None:
    source, root, model = MemorySource(), EMPTY, dict[str, File]()
    for step in steps:
        draft = Draft(source, root)
        for kind, path, word in step:
            allowed = apply_to_model(model, kind, path, word)
            try:
                if kind == "put":
                    await draft.put(path, text_file(path, word))
                else:
                    await draft.delete(path)
                assert allowed
            except TreeProblem:
                assert not allowed
        root = source.keep(draft.seal())
        assert await contents(source, root) == model
        assert (root.files, root.bytes) == (len(model), sum(f.size for f in model.values()))
        fresh = Draft(source)
        for path, file in sorted(model.items(), reverse=True):
            await fresh.put(path, file)
        assert fresh.seal().root == root


@given(st.lists(operations, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_sequence_of_changes_equals_the_same_on_a_dictionary_and_ids_depend_on_content_alone(
    steps: list[list[tuple[str, str, str]]],
) -> None:
    asyncio.run(replay(steps))


@given(st.dictionaries(st.integers(0, 3000).map(lambda n: f"f{n:05d}"), words, min_size=250, max_size=700), words)
@settings(max_examples=15, deadline=None)
def test_a_folder_of_many_files_is_kept_in_pages_and_reads_as_one(names: dict[str, str], word: str) -> None:
    async def check() -> None:
        source = MemorySource()
        root = await build(source, names)
        assert [p async for p, _ in walk(source, root)] == sorted(names)
        for name in [*list(names)[:5], "f99999", "a", "g"]:
            expected = text_file(name, names[name]) if name in names else None
            assert await find(source, root, name) == expected
        first = min(names)
        changed = await build(source, {first: word + "!"}, root)
        assert await build(MemorySource(), {**names, first: word + "!"}) == changed

    asyncio.run(check())


async def test_adding_to_a_huge_folder_stores_few_new_pages() -> None:
    source = MemorySource()
    root = await build(source, {f"{n:06d}.json": str(n) for n in range(20_000)})
    draft = Draft(source, root)
    await draft.put("010000a.json", text_file("010000a.json", "new"))
    sealed = draft.seal()
    new_pages = [p for p in sealed.pages if p.id not in source.bodies]
    assert len(sealed.trees) == 1
    assert 1 <= len(new_pages) <= 2


async def test_finding_a_file_in_a_huge_folder_reads_one_page() -> None:
    source = MemorySource()
    root = await build(source, {f"deep/{n:06d}.json": str(n) for n in range(20_000)})
    source.read = 0
    assert await find(source, root, "deep/012345.json") == text_file("deep/012345.json", "12345")
    assert source.read <= 3


async def test_an_emptied_folder_is_gone_and_its_name_is_free() -> None:
    source = MemorySource()
    root = await build(source, {"a/b/c.txt": "x", "k": "y"})
    draft = Draft(source, root)
    await draft.delete("a/b/c.txt")
    await draft.put("a", text_file("a", "now a file"))
    assert sorted(await contents(source, source.keep(draft.seal()))) == ["a", "k"]


async def test_a_draft_that_changes_nothing_is_the_base_and_stores_nothing() -> None:
    source = MemorySource()
    root = await build(source, {"a/b": "x"})
    draft = Draft(source, root)
    await draft.put("a/b", text_file("a/b", "x"))
    await draft.put("new", text_file("new", "y"))
    await draft.delete("new")
    sealed = draft.seal()
    assert sealed.root == root
    assert not sealed.trees


async def test_a_folder_is_copied_whole_without_being_read() -> None:
    source = MemorySource()
    root = await build(source, {"a/x": "1", "a/y": "2"})
    folder = await find(source, root, "a")
    assert isinstance(folder, Folder)
    draft = Draft(source, root)
    await draft.put("copy/of/a", folder)
    assert sorted(await contents(source, source.keep(draft.seal()))) == ["a/x", "a/y", "copy/of/a/x", "copy/of/a/y"]


async def test_names_that_differ_only_in_case_or_normalisation_are_refused() -> None:
    source = MemorySource()
    root = await build(source, {"docs/README.md": "x"})
    for path in ("docs/readme.md", "Docs/other"):
        draft = Draft(source, root)
        await draft.put(path, text_file(path, "y"))
        with pytest.raises(CaseCollision):
            draft.seal()
    with pytest.raises(CaseCollision):
        await build(source, {"é": "composed", "e\u0301": "decomposed"})


async def test_a_file_cannot_become_a_folder_silently() -> None:
    source = MemorySource()
    root = await build(source, {"a": "x", "b/c": "y"})
    draft = Draft(source, root)
    with pytest.raises(PathTaken):
        await draft.put("a/below", text_file("a/below", "z"))
    with pytest.raises(PathTaken):
        await draft.put("b", text_file("b", "z"))
    with pytest.raises(PathMissing):
        await draft.delete("b/none")
    assert draft.seal().root == root
