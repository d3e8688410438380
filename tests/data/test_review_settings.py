"""An administrator writes down who answers to whom and how much is sampled: right is taken, wrong is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import FixSettings
from data.review_settings import Draw, People, Review
from data.reviews import Plan, Sampling
from data.settings import Settings, load


def read(folder: Path, text: str) -> Settings:
    file = folder / "frontview.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, {})


def test_nothing_written_means_five_of_a_hundred_and_nobody_above_anybody(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    assert (settings.people, settings.review) == (People(), Review(5.0, ()))
    assert Plan.of(settings) == Plan()


def test_what_is_written_is_taken_over(tmp_path: Path) -> None:
    settings = read(tmp_path, """
        [people.superior]
        "Ana@firm.example" = "Boss@firm.example"
        "boss@firm.example" = "chair@firm.example"
        [people.class]
        "Ben@firm.example" = "trainee"
        [review]
        percent = 2.5
        [[review.sample]]
        rule = "COR-01"
        percent = 100
        [[review.sample]]
        person_class = "trainee"
        channel = "chat"
        percent = 20
    """)
    draws = (Draw("COR-01", "", "", 100.0), Draw("", "trainee", "chat", 20.0))
    superior = {"ana@firm.example": "boss@firm.example", "boss@firm.example": "chair@firm.example"}
    assert Plan.of(settings) == Plan(Sampling(2.5, draws, {"ben@firm.example": "trainee"}), superior)


@pytest.mark.parametrize(("text", "told"), [
    ("[people]\nbosses = 1", r"\[people\]: there is no setting 'bosses'"),
    ("[people.superior]\na = 1", r"\[people.superior\]: 'a' is 1; it must be a text"),
    ('[people.superior]\na = "A"', "'a' is above 'a' and below as well; take out"),
    ('[people.superior]\na = "b"\nb = "c"\nc = "a"', "above 'a' and below as well"),
    ('[people.superior]\nz = "a"\na = "b"\nb = "a"', "and below as well"),
    ("[review]\npercents = 1", r"\[review\]: there is no setting 'percents'; did you mean 'percent'"),
    ("[review]\npercent = 101", "percent is 101; give a number from 0 to 100"),
    ("[review]\npercent = -0.1", "percent is -0.1; give a number from 0 to 100"),
    ("[review]\nsample = 3", "'sample' is 3; it must be a list"),
    ("[review]\nsample = [3]", "number 1 is 3; it must be a table"),
    ('[[review.sample]]\nrule = "A"', "number 1: 'percent' is missing; say how many"),
    ('[[review.sample]]\npercent = 1\n[[review.sample]]\nclass = "x"\npercent = 1', "number 2: there is no setting"),
    ("[[review.sample]]\npercent = 200", "percent is 200; give"),
])
def test_what_cannot_be_meant_is_refused_with_place_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FixSettings, match=told):
        read(tmp_path, text)
