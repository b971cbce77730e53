"""Recipes of Data-Juicer as people write them."""

import pytest

from ceyuan.data.corpus import Recipe
from ceyuan.data.corpus.datajuicer import from_data_juicer
from ceyuan.data.problems import DataProblem


def test_numbers_in_short_form_are_numbers() -> None:
    made = from_data_juicer(
        "process:\n- text_length_filter: {max_len: 5e5}\n- maximum_line_length_filter: {max_len: 1e6}\n"
        "- words_num_filter: {min_num: 20, max_num: 2.5e+5}\n"
    )
    bounds = [(one["statistic"], one["at_least"], one["at_most"]) for one in made.filters]
    assert bounds == [
        ("characters", None, 500_000),
        ("longest_line", None, 1_000_000),
        ("tokens", 20, 250_000),
    ]
    assert Recipe.of(made.recipe).filters()["web"][1].at_most == 500_000


def test_what_stands_in_for_an_operator_without_a_match_is_said() -> None:
    made = from_data_juicer("process:\n- perplexity_filter: {lang: en}\n- image_shape_filter:\n- no_such_mapper:\n")
    assert made.left_out == ["perplexity_filter", "image_shape_filter", "no_such_mapper"]
    told = {name: english for name, _, english in made.notes}
    assert "train_language_model" in told["perplexity_filter"]
    assert "media: images" in told["image_shape_filter"]
    assert "no_such_mapper" not in told


def test_a_parameter_of_the_wrong_kind_is_named_with_its_operator() -> None:
    with pytest.raises(DataProblem, match="average_line_length_filter") as caught:
        from_data_juicer("process:\n- average_line_length_filter: {max_len: long}\n")
    assert caught.value.code == "recipe_invalid"
