"""Which licence a text is: by the tag that files carry, by its own title, and by phrases that no other licence has."""

from __future__ import annotations

import re
from typing import Final

_MOST = 200_000
_TAG = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]{2,60})")
_BLANK = re.compile(r"[\s*#>=_`\-]+")
_PHRASES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # More special ones first: each is chosen when all of its phrases occur near the beginning.
    ("agpl-3.0", ("gnu affero general public license", "version 3")),
    ("lgpl-3.0", ("gnu lesser general public license", "version 3")),
    ("lgpl-2.1", ("gnu lesser general public license", "version 2.1")),
    ("gpl-3.0", ("gnu general public license", "version 3")),
    ("gpl-2.0", ("gnu general public license", "version 2")),
    ("apache-2.0", ("apache license", "version 2.0")),
    ("mpl-2.0", ("mozilla public license", "2.0")),
    ("epl-2.0", ("eclipse public license", "2.0")),
    ("mulanpsl-2.0", ("mulan permissive software license", "2")),
    ("mulanpsl-2.0", ("木兰宽松许可证", "第2版")),
    ("cc-by-nc-nd-4.0", ("attribution noncommercial noderivatives 4.0",)),
    ("cc-by-nc-sa-4.0", ("attribution noncommercial sharealike 4.0",)),
    ("cc-by-nc-4.0", ("attribution noncommercial 4.0",)),
    ("cc-by-nd-4.0", ("attribution noderivatives 4.0",)),
    ("cc-by-sa-4.0", ("attribution sharealike 4.0",)),
    ("cc-by-4.0", ("attribution 4.0 international",)),
    ("cc0-1.0", ("cc0 1.0 universal",)),
    ("odbl", ("open database license",)),
    ("pddl", ("public domain dedication", "license (pddl)")),
    ("creativeml-openrail-m", ("creativeml open rail",)),
    ("bigscience-bloom-rail-1.0", ("bigscience rail license",)),
    ("llama3.1", ("llama 3.1 community license",)),
    ("llama3.2", ("llama 3.2 community license",)),
    ("llama3.3", ("llama 3.3 community license",)),
    ("llama3", ("meta llama 3 community license",)),
    ("llama2", ("llama 2 community license",)),
    ("gemma", ("gemma terms of use",)),
    ("unlicense", ("released into the public domain", "unencumbered software")),
    ("isc", ("permission to use, copy, modify, and/or distribute this software",)),
    ("mit", ("permission is hereby granted, free of charge", "the above copyright notice and this permission notice")),
    ("bsd-3-clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("bsd-2-clause", ("redistribution and use in source and binary forms",)),
    ("zlib", ("this software is provided 'as is'", "altered source versions")),
)
_SPELLINGS: Final = {
    "apache 2.0": "apache-2.0",
    "apache2": "apache-2.0",
    "apache-2": "apache-2.0",
    "cc0": "cc0-1.0",
    "cc-by": "cc-by-4.0",
    "gplv3": "gpl-3.0",
    "gplv2": "gpl-2.0",
    "agplv3": "agpl-3.0",
    "bsd": "bsd-3-clause",
    "odc-odbl": "odbl",
    "the unlicense": "unlicense",
    "mulanpsl2": "mulanpsl-2.0",
}


def normal(name: str) -> str:
    """The identifier of a licence as it is written here: lower case, `-only` and `-or-later` cut."""
    text = name.strip().lower()
    text = re.sub(r"-(only|or-later)$", "", text)
    return _SPELLINGS.get(text, text)


def detect(text: str) -> str | None:
    """The identifier of the licence that `text` is or says of itself; None if it is none that is known.

    A tag (`SPDX-License-Identifier`) wins; otherwise the text's own words, in whatever case and layout.
    """
    tag = _TAG.search(text[:20_000])
    if tag is not None:
        return normal(tag.group(1))
    plain = _BLANK.sub(" ", text[:_MOST]).lower()
    for identifier, phrases in _PHRASES:
        # Only the beginning names a licence by its title: others are cited further down.
        if all(phrase in (plain[:4000] if number == 0 else plain) for number, phrase in enumerate(phrases)):
            return identifier
    return None
