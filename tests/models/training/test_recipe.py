from typing import Any

import pytest

from ceyuan.models.training import Recipe, RecipeFault, Shape


def test_a_recipe_survives_the_way_through_json(tiny: dict[str, Any]) -> None:
    recipe = Recipe.from_mapping(tiny)
    assert Recipe.from_mapping(recipe.to_mapping()) == recipe


def test_the_default_recipe_has_two_to_four_million_parameters() -> None:
    assert 2_000_000 <= Recipe().shape.parameters <= 4_000_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 1.5},
        {"steps": True},
        {"learning_rate": "fast"},
        {"precision": "int8"},
        {"colour": "red"},
        {"shape": {"width": 100, "heads": 3}},
        {"shape": {"heads": 6, "kv_heads": 4}},
        {"shape": {"depth": 2}},
        {"shape": 3},
    ],
)
def test_a_wrong_setting_is_refused_in_both_languages(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecipeFault) as caught:
        Recipe.from_mapping(wrong)
    chinese, english = caught.value.message
    assert chinese
    assert english
    assert chinese != english


def test_flops_count_six_for_each_matrix_weight_and_the_causal_half_of_attention() -> None:
    shape = Shape(vocabulary=320, width=16, layers=1, heads=1, kv_heads=1, feed_forward=16, context=16)
    matrices = 320 * 16 + 4 * 16 * 16 + 3 * 16 * 16
    assert shape.flops_per_token() == 6 * matrices + 6 * 16 * 16
