import pytest

from ceyuan.cli.models import parse_settings
from ceyuan.kernel.errors import Invalid


def test_settings_become_a_recipe_with_its_shape() -> None:
    given = ["steps=200", "learning_rate=2e-3", "precision=float32", "shape.width=128", "shape.heads=4"]
    assert parse_settings(given) == {
        "steps": 200,
        "learning_rate": 0.002,
        "precision": "float32",
        "shape": {"width": 128, "heads": 4},
    }


@pytest.mark.parametrize("wrong", ["steps", "=3", ""])
def test_a_setting_without_name_or_value_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_settings([wrong])
    assert caught.value.hint is not None
    assert "--set steps=200" in caught.value.hint[1]
