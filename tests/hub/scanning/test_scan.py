from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from ceyuan.hub.scanning import Scan, form_of, scan


class Harmful:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("true",)


def scanned(tmp_path: Path, name: str, data: bytes) -> Scan:
    path = tmp_path / "content"
    path.write_bytes(data)
    return scan(path, form_of(name))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_a_command_is_unsafe_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    found = scanned(tmp_path, "model.pkl", pickle.dumps({"a": [1, Harmful()]}, protocol))
    assert found.verdict == "unsafe"
    assert "system" in found.findings[0].detail


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_plain_values_is_safe(tmp_path: Path, protocol: int) -> None:
    values = OrderedDict(a=[1, 2.5, "x", b"y", None, True], b={"c": (1, {2, 3})})
    assert scanned(tmp_path, "data.pickle", pickle.dumps(values, protocol)).verdict == "safe"


def test_a_name_that_is_not_known_asks_for_caution(tmp_path: Path) -> None:
    body = b"cmy_package.models\nNet\n)R."
    assert [f.code for f in scanned(tmp_path, "net.pt", body).findings] == ["pickle_unknown"]


def test_a_name_put_together_from_the_memo_is_found(tmp_path: Path) -> None:
    body = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940" + b"h\x00h\x01\x93\x8c\x04true\x85R."
    found = scanned(tmp_path, "sly.bin", body)
    assert found.verdict == "unsafe"
    assert found.findings[0].detail == "os.system"


def test_pickles_within_an_archive_are_read(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harmful()))
    found = scanned(tmp_path, "pytorch_model.bin", packed.getvalue())
    assert found.verdict == "unsafe"
    assert found.findings[0].place == "archive/data.pkl"


def test_what_breaks_off_after_a_harmful_call_is_unsafe_still(tmp_path: Path) -> None:
    assert scanned(tmp_path, "cut.pkl", pickle.dumps(Harmful())[:-1]).verdict == "unsafe"


def test_an_argument_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    body = b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x."
    assert scanned(tmp_path, "huge.pkl", body).verdict == "caution"


def gguf(template: str) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    fields = text("general.name") + struct.pack("<I", 8) + text("m")
    fields += text("tokenizer.list") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    fields += text("tokenizer.chat_template") + struct.pack("<I", 8) + text(template)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 3) + fields


def test_a_template_that_reaches_for_the_interpreter_is_unsafe(tmp_path: Path) -> None:
    bad = "{{ messages.__class__.__mro__[1].__subclasses__() }}"
    assert scanned(tmp_path, "m.gguf", gguf(bad)).verdict == "unsafe"


def test_a_usual_template_is_safe(tmp_path: Path) -> None:
    good = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>{% endfor %}"
    assert scanned(tmp_path, "m.gguf", gguf(good)).verdict == "safe"


def test_a_header_that_breaks_off_asks_for_caution(tmp_path: Path) -> None:
    assert scanned(tmp_path, "m.gguf", gguf("x")[:60]).verdict == "caution"


def test_secrets_in_text_are_found_by_line_and_never_shown(tmp_path: Path) -> None:
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"
    found = scanned(tmp_path, "config.env", f"# settings\nKEY={secret}\n".encode())
    assert found.verdict == "unsafe"
    assert [(f.code, f.place) for f in found.findings] == [("aws_key", "2")]
    assert secret not in str(found.findings)


def test_a_private_key_and_a_password_in_an_address_are_found(tmp_path: Path) -> None:
    text = "-----BEGIN RSA " + "PRIVATE KEY-----\npostgres://me:" + "s3cretword@db.example.cn/x\n"
    found = scanned(tmp_path, "notes.txt", text.encode())
    assert {f.code for f in found.findings} == {"private_key", "password_url"}


def test_text_without_secrets_and_tensors_are_safe_and_pictures_unknown(tmp_path: Path) -> None:
    assert scanned(tmp_path, "README.md", b"# Hello\nhttps://example.cn/a?b=c\n").verdict == "safe"
    assert scanned(tmp_path, "model.safetensors", (2).to_bytes(8, "little") + b"{}").verdict == "safe"
    assert scanned(tmp_path, "cat.png", b"\x89PNG").verdict == "unknown"


def test_what_only_bears_the_name_of_safetensors_is_judged_by_what_it_is(tmp_path: Path) -> None:
    program = scanned(tmp_path, "model.safetensors", pickle.dumps(Harmful()))
    assert (program.verdict, {f.code for f in program.findings}) == ("unsafe", {"pickle_import", "not_safetensors"})
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harmful()))
    assert scanned(tmp_path, "model.safetensors", (tmp_path / "archive").read_bytes()).verdict == "unsafe"
    for other in (b"", b"whatever", (500).to_bytes(8, "little") + b"{}"):
        assert scanned(tmp_path, "model.safetensors", other).verdict == "caution"
