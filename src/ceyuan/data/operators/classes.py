"""Classes that operators sort texts into, each with its name in both languages."""

from ceyuan.data.operators.forms import FORMS
from ceyuan.data.operators.language import FIELDS

__all__ = ["CLASSES"]

CLASSES: dict[str, dict[str, tuple[str, str]]] = {
    "field": {
        **{name: words for name, (words, _) in FIELDS.items()},
        "code": FORMS["code"],
        "dialogue": FORMS["dialogue"],
        "other": ("其他", "other"),
    },
    "form": FORMS,
}
"""By the statistic that names the class."""
