"""A code in view is presented once, until it was out of view long enough."""

from hardware.sightings import Sightings


def test_a_code_that_stays_in_view_is_new_once() -> None:
    sightings = Sightings(repeat_after_s=3)
    assert sightings.look(["A"], 0.0) == ["A"]
    assert [sightings.look(["A"], at / 2) for at in range(1, 40)] == [[]] * 39


def test_a_code_is_new_again_only_after_the_whole_time_out_of_view() -> None:
    sightings = Sightings(repeat_after_s=3)
    sightings.look(["A"], 0.0)
    sightings.look([], 1.0)
    assert sightings.look(["A"], 2.99) == []
    sightings.look([], 4.0)
    assert sightings.look(["A"], 5.99) == ["A"]


def test_an_unchanged_scene_keeps_in_view_what_was_in_view_and_nothing_else() -> None:
    sightings = Sightings(repeat_after_s=3)
    sightings.look(["A", "B"], 0.0)
    sightings.look(["B"], 1.0)
    for at in range(2, 10):
        sightings.unchanged(float(at))
    assert sightings.look(["A", "B"], 10.0) == ["A"]


def test_the_same_code_twice_in_one_look_is_one() -> None:
    assert Sightings(repeat_after_s=3).look(["A", "A"], 0.0) == ["A"]


def test_memory_holds_only_what_was_seen_lately() -> None:
    sightings = Sightings(repeat_after_s=3)
    for at in range(1000):
        sightings.look([f"code {at}"], float(at))
    assert len(sightings._seen_at) <= 4
