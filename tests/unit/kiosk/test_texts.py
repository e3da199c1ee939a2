"""The kiosk's own words, and the colours they are read on."""

import re
import string
from pathlib import Path

import pytest

from access.words import LANGUAGES
from kiosk.assets import DESK_PAGE_PATH, STATIC_PATH, VISITOR_PAGE_PATH
from kiosk.desk import PROBLEMS, ScanState
from kiosk.texts import act_texts, desk_texts, page_texts, screen_texts

FIELDS = ("idle", "granted", "review", "denied", "trouble")
PAIRS = [
    *((f"{field}-text", f"{field}-{ground}") for field in FIELDS for ground in ("field", "panel")),
    ("idle-quiet", "idle-field"),
    ("idle-quiet", "idle-panel"),
    ("warn-text", "warn-field"),
]


def details(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def palette() -> dict[str, str]:
    css = (STATIC_PATH / "visitor.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css))


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_right() -> None:
    """The two ends of the scale."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_is_readable_on_its_ground(text: str, ground: str) -> None:
    """At least 7:1 for every pair of the palette."""
    colours = palette()
    assert contrast(colours[text], colours[ground]) >= 7


def test_the_page_s_texts_are_twins() -> None:
    """The same keys and details in both languages."""
    texts = page_texts()
    assert set(texts) == set(LANGUAGES)
    assert texts["en"].keys() == texts["fr"].keys()
    assert screen_texts("en").keys() == screen_texts("fr").keys()
    pairs = [(get("en"), get("fr")) for get in (texts.__getitem__, screen_texts, desk_texts().__getitem__, act_texts)]
    for english, french in pairs:
        assert {key: details(text) for key, text in english.items()} == {
            key: details(text) for key, text in french.items()
        }


def test_the_page_s_texts_can_be_changed_by_nobody_else() -> None:
    """A caller that changes what it got changes only its own copy."""
    page_texts()["en"]["present_card"] = "Go away"
    assert page_texts()["en"]["present_card"] == "Present your card"


def test_the_page_says_that_its_door_is_gone_before_it_ever_heard_from_it() -> None:
    """The texts built into the page are the catalogue's."""
    script = (STATIC_PATH / "visitor.js").read_text(encoding="utf-8")
    page = VISITOR_PAGE_PATH.read_text(encoding="utf-8")
    for texts in page_texts().values():
        for key in ("not_answering", "see_desk"):
            assert f'"{texts[key]}"' in script
            assert f">{texts[key]}<" in page


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    """The pages work under a policy of 'self' only."""
    page = VISITOR_PAGE_PATH.read_text(encoding="utf-8") + DESK_PAGE_PATH.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|<a\s", page)
    for path in filter(Path.is_file, STATIC_PATH.rglob("*")):
        addresses = re.findall(r"https?://[^\s\"']+", path.read_text(encoding="utf-8"))
        assert [each for each in addresses if each != "http://www.w3.org/2000/svg"] == []


def test_the_desk_page_has_words_for_all_that_it_says() -> None:
    """Each text that its modules ask for, each problem of the door and each state of a scan, and nothing unused."""
    script = "".join(path.read_text(encoding="utf-8") for path in (STATIC_PATH / "desk").glob("*.js"))
    own = desk_texts()["en"].keys()
    asked = set(re.findall(r"\bt\(\"(\w+)\"", script))
    assert asked <= own
    assert {f"problem_{problem}" for problem in PROBLEMS} - {"problem_wrong_pin", "problem_locked"} <= own
    assert {f"state_{state.value}" for state in ScanState} - {"state_none"} <= own
    prefixes = tuple(set(re.findall(r"`(\w+_)\$\{", script)))
    unused = {
        key for key in own - page_texts()["en"].keys() if f'"{key}"' not in script and not key.startswith(prefixes)
    }
    assert unused == set()


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "quiet") for ground in ("page", "surface", "sunk", "neutral-soft")),
        *((f"{field}-text", field) for field in ("accent", "granted", "review", "denied", "neutral", "warn")),
        *((field, "surface") for field in ("granted", "denied", "neutral")),
        ("review-text", "review-soft"),
        ("surface", "ink"),
    ],
)
def test_the_desk_s_palette_is_readable(text: str, ground: str) -> None:
    """At least 4.5:1 (WCAG 2.2 AA) for every pair that the page uses."""
    css = (STATIC_PATH / "desk" / "frame.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css))
    assert contrast(colours[text], colours[ground]) >= 4.5


def test_french_at_the_desk_is_typeset() -> None:
    """Curly apostrophes, a no-break space before a colon and none before other marks (Canadian usage)."""
    for key, text in {**desk_texts()["fr"], **act_texts("fr")}.items():
        assert "'" not in text, key
        assert not re.search(r"[^\u00a0]:", text), key
        assert not re.search(r"[ \u00a0][;!?]", text), key
