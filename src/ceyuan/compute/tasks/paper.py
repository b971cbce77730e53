"""A certificate on paper: a small PDF of text (ISO 32000-1), A4, without embedded fonts.

Chinese is set in STSong-Light with the predefined encoding UniGB-UCS2-H (ISO 32000-1, 9.7.5.2), which readers with
Asian fonts know; ASCII in Helvetica.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_WIDTH, _HEIGHT, _MARGIN, _LEADING, _SIZE = 595, 842, 56, 15, 9.5
_PER_PAGE = (_HEIGHT - 2 * _MARGIN) // _LEADING
_ASCII_COLUMNS = 92
_CJK = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [ << "
    b"/Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light "
    b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> "
    b"/DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] "
    b"/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >> >> ] >>"
)
_LATIN = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def certificate_pdf(content: dict[str, Any]) -> bytes:
    """The certificate as a PDF; its hashes and signature are those of the JSON, which is what is signed."""
    lines = ["智能算力交付凭证", "Certificate of compute delivery", ""]
    for zh, en, name in (
        ("任务", "Task", "task"),
        ("名称", "Name", "name"),
        ("组织", "Organisation", "organisation_name"),
        ("组织标识", "Organisation id", "organisation"),
        ("结果", "Outcome", "state"),
        ("结束时间", "Ended", "finished_at"),
    ):
        lines.append(f"{zh} {en}: {content[name]}")
    lines += [f"费用 Cost: {content['cost_micro'] / 1e6:.6f} CNY", "", "用量合计 Totals"]
    lines += [f"  {name}: {quantity}" for name, quantity in content["totals"].items()]
    for number, link in enumerate(content["links"], 1):
        lines += ["", f"第 {number} 次运行 Try {number}: {link['try']} ({link['state']} {link['reason']})"]
        lines.append(f"  {link['started_at']} - {link['ended_at']}, {link['seconds']} s")
        lines.append(f"  {link['pool']}: {', '.join(link['nodes'])}")
        lines += [
            f"  {one['node']} {one['accelerator']}[{one['device']}]: {one['seconds']} device-seconds"
            for one in link["devices"]
        ]
        lines.append(f"  SHA-256 {link['hash']}")
    seal = content["signature"]
    lines += ["", "签名 Signature (Ed25519)", f"  key {seal['key_id']}", f"  public key {seal['public_key']}"]
    lines += [f"  {seal['value'][:64]}", f"  {seal['value'][64:]}", ""]
    lines.append("以 JSON 凭证为准:ceyuan task check-certificate FILE")
    lines.append("The JSON certificate is what is signed: ceyuan task check-certificate FILE")
    return _document([part for line in lines for part in _wrapped(line)])


def _wrapped(line: str) -> list[str]:
    width, parts, used = 0, [""], 0
    for character in line:
        width = 1 if ord(character) < 0x2E80 else 2
        if used + width > _ASCII_COLUMNS:
            parts.append("    ")
            used = 4
        parts[-1] += character
        used += width
    return parts


def _shown(line: str) -> bytes:
    """One line as operators: runs of ASCII and of other characters, each in its font."""
    made: list[bytes] = []
    run, ascii_run = "", True
    characters: list[str | None] = [*line, None]
    for character in characters:
        plain = character is not None and ord(character) < 128
        if run and (character is None or plain != ascii_run):
            made.append(_run(run, ascii_run))
            run = ""
        if character is not None:
            run, ascii_run = run + character, plain
    return b"".join(made)


def _run(text: str, plain: bool) -> bytes:
    if plain:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        return b"/F1 %.1f Tf (%s) Tj\n" % (_SIZE, escaped.encode("ascii"))
    # Characters outside the Basic Multilingual Plane have no code in UCS-2.
    known = "".join(character if ord(character) < 0x10000 else "\u25a1" for character in text)
    return b"/F2 %.1f Tf <%s> Tj\n" % (_SIZE, known.encode("utf-16-be").hex().encode())


def _document(lines: Sequence[str]) -> bytes:
    pages = [lines[at : at + _PER_PAGE] for at in range(0, len(lines), _PER_PAGE)]
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        _LATIN,
        _CJK,
    ]
    for index, page in enumerate(pages):
        box = f"[0 0 {_WIDTH} {_HEIGHT}]"
        fonts = "/Font << /F1 3 0 R /F2 4 0 R >>"
        parts = f"/MediaBox {box} /Resources << {fonts} >> /Contents {6 + 2 * index} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {parts} >>".encode())
        text = b"BT %d TL %d %d Td\n" % (_LEADING, _MARGIN, _HEIGHT - _MARGIN)
        text += b"".join(_shown(line) + b"T*\n" for line in page) + b"ET"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text))
    made, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return made + end % (size, table, size, len(made))
