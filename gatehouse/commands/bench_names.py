"""Names for `gatehouse bench page`, as unevenly spread as real ones: a few are everywhere, most belong to a few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final

__all__ = ["FIRST_NAMES", "LAST_NAMES", "pick"]

_FIRST: Final = """
Ava Zoé Liam Noah Léa Émile Mia Olivier Jade Sam Inès Lucie Marie Jean Pierre Anne Michel Louise Marc Chantal André
Sylvie Daniel Nathalie Alain Julie François Isabelle Éric Caroline Martin Sophie Nicolas Mélanie Jean-Pierre Marie-Ève
Marie-Claude Jean-François Emma Olivia Ethan Sofia Lucas Chloé Nathan Alice Thomas Juliette William Florence Arthur
Charlotte Jacob Rosalie Félix Béatrice Léo Camille Raphaël Victoria Gabriel Élise
"""
_LAST: Final = """
Tremblay Gagnon Roy Côté Bouchard Gauthier Morin Lavoie Fortin Gagné Ouellet Pelletier Bélanger Lévesque Bergeron
Leblanc Paquette Girard Simard Boucher Caron Beaulieu Cloutier Dubé Poirier Fournier Lapointe Leclerc Lefebvre Poulin
Thibault St-Pierre Nadeau Martin Landry Martel Bédard Grenier Lessard Bernier Richard Michaud Hébert Desjardins Couture
Turcotte Lachance Parent Blais Gosselin Savard Proulx Beaudoin Demers Perreault Boudreau Smith Brown Nguyen Singh Lee
Wilson MacDonald O'Brien Campbell Anderson Taylor Chen Khan Patel Garcia Rodriguez Kim Wong
"""
_STARTS: Final = """
Bar Bel Ber Bou Cal Cam Car Cha Cor Dal Des Dor Du Fal Fer Gal Gar Gen Gou Hal Her Jol Kar La Lan Le Mal Mar Mer Mon
Nor Or Pel Per Pol Quin Ra Rich Ro Sa Sal San Ser Sor Tal Tan Ter Tor Val Ver Vin Wal Zel
"""
_MIDDLES: Final = "a ai an ar be bi ca di do el en er go i in la li lo ma mi na ni o ou ra ri ro sa ti to u va vi"
_ENDS: Final = """
bert blanc ceau chard court dier don fort gnon lard let lin mont neau nier not quet rand reau ron sard seau sin son tel
ter tier ton trand val ville vrier
"""


def _made(count: int) -> Iterator[str]:
    for middle, start, end in islice(product(_MIDDLES.split(), _STARTS.split(), _ENDS.split()), count):
        yield f"{start}{middle}{end}"


FIRST_NAMES: Final = (*_FIRST.split(), *_made(2_000))
LAST_NAMES: Final = (*_LAST.split(), *_made(50_000))


def pick(names: Sequence[str], number: int) -> str:
    """A name for a number: half of all people share the first few hundred, the rest are spread over all."""
    spread = number * 2_654_435_761 % 2**32 / 2**32
    return names[int(len(names) ** spread) % len(names)]
