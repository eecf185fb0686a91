"""What errors about allocation keys say."""

from gridloom.communities.keys import rules
from gridloom.communities.texts import Texts, spoken

_NO_KEY = spoken(
    "This community has no such allocation key.",
    "Cette clé de répartition n'existe pas dans cette communauté.",
    "Deze verdeelsleutel bestaat niet in deze gemeenschap.",
    "Diesen Verteilschlüssel gibt es in dieser Gemeinschaft nicht.",
)
_ROUND_SUM = spoken(
    "the shares of the iterations must sum up to 1 (0.6 for 60 %); their sum is {sum}",
    "les parts des itérations doivent totaliser 1 (0.6 pour 60 %) ; leur somme est {sum}",
    "de aandelen van de iteraties moeten samen 1 zijn (0.6 voor 60 %); hun som is {sum}",
    "die Anteile der Iterationen müssen zusammen 1 ergeben (0.6 für 60 %); ihre Summe ist {sum}",
)

TEXTS: dict[int | str, Texts] = {
    40000: _NO_KEY,
    40005: _NO_KEY,
    40009: spoken(
        "A sharing operation follows this key or waits for its approval; it cannot be deleted.",
        "Une opération de partage applique cette clé ou attend son approbation ; elle ne peut pas être supprimée.",
        "Een energiedeling volgt deze sleutel of wacht op de goedkeuring ervan; hij kan niet worden verwijderd.",
        "Eine Energieteilung folgt diesem Schlüssel oder wartet auf seine Genehmigung; er kann nicht gelöscht werden.",
    ),
    rules.CONSUMER_TOO_SMALL: spoken(
        "must be 0 or more, or -1 for a share by need",
        "doit valoir au moins 0, ou -1 pour une part selon les besoins",
        "moet minstens 0 zijn, of -1 voor een aandeel naar behoefte",
        "muss mindestens 0 sein, oder -1 für einen Anteil nach Bedarf",
    ),
    rules.CONSUMER_TOO_BIG: spoken(
        "must be 1 or less", "doit valoir 1 au plus", "mag hoogstens 1 zijn", "darf höchstens 1 sein"
    ),
    rules.NUMBER_TOO_SMALL: spoken(
        "must be 0 or more", "doit valoir au moins 0", "moet minstens 0 zijn", "muss mindestens 0 sein"
    ),
    rules.NUMBER_TOO_BIG: spoken(
        "must be 2 or less", "doit valoir 2 au plus", "mag hoogstens 2 zijn", "darf höchstens 2 sein"
    ),
    rules.ROUND_TOO_SMALL: spoken(
        "must be 0 or more", "doit valoir au moins 0", "moet minstens 0 zijn", "muss mindestens 0 sein"
    ),
    rules.CONSUMER_SUM: spoken(
        "the shares of the consumers must sum up to 1 (0.6 for 60 %); their sum is {sum}",
        "les parts des consommateurs doivent totaliser 1 (0.6 pour 60 %) ; leur somme est {sum}",
        "de aandelen van de verbruikers moeten samen 1 zijn (0.6 voor 60 %); hun som is {sum}",
        "die Anteile der Verbraucher müssen zusammen 1 ergeben (0.6 für 60 %); ihre Summe ist {sum}",
    ),
    rules.NEW_KEY_SUM: _ROUND_SUM,
    rules.CHANGED_KEY_SUM: _ROUND_SUM,
    rules.TWICE: spoken(
        "is the number of another iteration already",
        "est déjà le numéro d'une autre itération",
        "is al het nummer van een andere iteratie",
        "ist schon die Nummer einer anderen Iteration",
    ),
    rules.NO_SHARE: spoken(
        "is neither a share (0 to 1) nor by need (-1)",
        "n'est ni une part (de 0 à 1) ni une part selon les besoins (-1)",
        "is geen aandeel (0 tot 1) en ook niet naar behoefte (-1)",
        "ist weder ein Anteil (0 bis 1) noch nach Bedarf (-1)",
    ),
    rules.OVER_FULL: spoken(
        "the fixed shares exceed 1 and leave nothing for those by need",
        "les parts fixes dépassent 1 et ne laissent rien aux parts selon les besoins",
        "de vaste aandelen zijn samen meer dan 1 en laten niets over voor wie naar behoefte krijgt",
        "die festen Anteile übersteigen 1 und lassen nichts für die Anteile nach Bedarf",
    ),
    rules.NOBODY: spoken(
        "at least one consumer is needed",
        "il faut au moins un consommateur",
        "er is minstens één verbruiker nodig",
        "mindestens ein Verbraucher ist nötig",
    ),
    rules.SAME_CONSUMER: spoken(
        "is in this iteration already",
        "figure déjà dans cette itération",
        "staat al in deze iteratie",
        "steht schon in dieser Iteration",
    ),
}
