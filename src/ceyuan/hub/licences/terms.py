"""What common licences ask. Identifiers are those of SPDX (https://spdx.org/licenses) or, for model licences that it
does not list, those that cards on the public hubs use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Share = Literal["no", "weak", "strong"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a licence asks of what is built on it.

    `share`: whether derived works must keep the licence (strong), only its own files (weak), or need not;
    `commercial` and `derivatives`: whether selling and changing are allowed; `uses`: whether some uses are forbidden
    and the ban must be passed on; `family`: licences of one family may follow each other although they share alike.
    """

    share: Share = "no"
    commercial: bool = True
    derivatives: bool = True
    uses: bool = False
    family: str = ""


TERMS: Final[Mapping[str, Terms]] = {
    **dict.fromkeys(("mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "zlib"), Terms()),
    **dict.fromkeys(
        ("cc0-1.0", "cc-by-3.0", "cc-by-4.0", "odc-by", "pddl", "mulanpsl-2.0", "cdla-permissive-2.0"), Terms()
    ),
    **dict.fromkeys(("mpl-2.0", "epl-2.0"), Terms(share="weak")),
    **dict.fromkeys(("lgpl-2.1", "lgpl-3.0"), Terms(share="weak", family="gpl")),
    **dict.fromkeys(("gpl-3.0", "agpl-3.0"), Terms(share="strong", family="gpl-3")),
    "gpl-2.0": Terms(share="strong", family="gpl-2"),
    **dict.fromkeys(("cc-by-sa-3.0", "cc-by-sa-4.0"), Terms(share="strong", family="cc-by-sa")),
    "odbl": Terms(share="strong", family="odbl"),
    **dict.fromkeys(("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0"), Terms(commercial=False)),
    **dict.fromkeys(
        ("cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"), Terms(share="strong", commercial=False, family="cc-by-nc-sa")
    ),
    **dict.fromkeys(("cc-by-nd-4.0",), Terms(derivatives=False)),
    **dict.fromkeys(("cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"), Terms(commercial=False, derivatives=False)),
    **dict.fromkeys(("openrail", "openrail++", "creativeml-openrail-m", "bigscience-openrail-m"), Terms(uses=True)),
    **dict.fromkeys(("bigscience-bloom-rail-1.0", "bigcode-openrail-m"), Terms(uses=True)),
    **dict.fromkeys(("llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "gemma"), Terms(uses=True)),
}
"""Terms by identifier; what is not here is not judged."""
