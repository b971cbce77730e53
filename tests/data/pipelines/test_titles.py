"""The title that a dataset has where nobody gave it one."""

from typing import Any

import pytest

from ceyuan.data.pipelines.schemas import PipelineIn, Title
from ceyuan.data.pipelines.tasks import _title


@pytest.mark.parametrize(
    ("recipe", "title", "english"),
    [
        ({}, Title(), "Chinese corpus"),
        ({"media": "images"}, Title(), "Image dataset"),
        ({"media": "speech"}, Title(), "Speech dataset"),
        ({"media": "images"}, Title(zh="街景", en="Streets"), "Streets"),
    ],
)
def test_a_dataset_is_called_by_what_it_holds(recipe: dict[str, Any], title: Title, english: str) -> None:
    wanted = PipelineIn(org_id="org_demo", raw=["datasets/demo/raw"], dataset="demo/made", title=title, recipe=recipe)
    assert _title(wanted).en == english
