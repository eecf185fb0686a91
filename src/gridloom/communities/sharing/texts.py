"""What errors about sharing operations say."""

from gridloom.communities.sharing.schemas import WRONG_KEY_STATUS, WRONG_METER_STATUS, WRONG_TYPE
from gridloom.communities.texts import Texts, spoken

_NO_OPERATION = spoken(
    "This community has no such sharing operation.",
    "Cette opération de partage n'existe pas dans cette communauté.",
    "Deze energiedeling bestaat niet in deze gemeenschap.",
    "Diese Energieteilung gibt es in dieser Gemeinschaft nicht.",
)
_NO_METER = spoken(
    "This community has no meter with this EAN.",
    "Aucun compteur portant ce code EAN n'existe dans cette communauté.",
    "Deze gemeenschap heeft geen meter met deze EAN.",
    "Diese Gemeinschaft hat keinen Zähler mit dieser EAN.",
)
_NO_DATA = spoken(
    "This meter has no data yet.",
    "Ce compteur n'a pas encore de données.",
    "Deze meter heeft nog geen gegevens.",
    "Dieser Zähler hat noch keine Daten.",
)
_NOT_INSIDE = spoken(
    "This meter does not take part in this sharing operation.",
    "Ce compteur ne fait pas partie de cette opération de partage.",
    "Deze meter neemt niet deel aan deze energiedeling.",
    "Dieser Zähler nimmt an dieser Energieteilung nicht teil.",
)

TEXTS: dict[int | str, Texts] = {
    70002: _NO_OPERATION,
    70003: spoken(
        "This community has no such allocation key.",
        "Cette clé de répartition n'existe pas dans cette communauté.",
        "Deze verdeelsleutel bestaat niet in deze gemeenschap.",
        "Diesen Verteilschlüssel gibt es in dieser Gemeinschaft nicht.",
    ),
    70005: _NO_OPERATION,
    70006: spoken(
        "At least one of the EANs is not that of a meter of this community; nothing was changed.",
        "Au moins un des codes EAN n'est pas celui d'un compteur de cette communauté ; rien n'a été modifié.",
        "Minstens een van de EAN's is niet die van een meter van deze gemeenschap; er is niets gewijzigd.",
        "Mindestens eine der EANs ist nicht die eines Zählers dieser Gemeinschaft; nichts wurde geändert.",
    ),
    70009: _NO_OPERATION,
    70010: _NO_OPERATION,
    70011: spoken(
        "This key does not wait for approval in this sharing operation.",
        "Cette clé n'est pas en attente d'approbation dans cette opération de partage.",
        "Deze sleutel wacht in deze energiedeling niet op goedkeuring.",
        "Dieser Schlüssel wartet in dieser Energieteilung nicht auf Genehmigung.",
    ),
    70012: _NO_OPERATION,
    70013: _NO_METER,
    70014: _NO_DATA,
    70015: _NOT_INSIDE,
    70017: spoken(
        "Meters take part in this sharing operation today or later; remove them first.",
        "Des compteurs font partie de cette opération de partage aujourd'hui ou plus tard ; retirez-les d'abord.",
        "Er nemen vandaag of later meters deel aan deze energiedeling; verwijder die eerst.",
        "An dieser Energieteilung nehmen heute oder später Zähler teil; entfernen Sie diese zuerst.",
    ),
    70018: _NO_OPERATION,
    70019: _NO_METER,
    70020: _NO_DATA,
    70021: _NOT_INSIDE,
    WRONG_TYPE: spoken(
        "must be 1 (local), 2 (renewable energy community) or 3 (citizen energy community)",
        "doit être 1 (local), 2 (communauté d'énergie renouvelable) ou 3 (communauté d'énergie citoyenne)",
        "moet 1 (lokaal), 2 (hernieuwbare-energiegemeenschap) of 3 (energiegemeenschap van burgers) zijn",
        "muss 1 (lokal), 2 (Erneuerbare-Energie-Gemeinschaft) oder 3 (Bürgerenergiegemeinschaft) sein",
    ),
    WRONG_KEY_STATUS: spoken(
        "must be 1 (approved) or 3 (rejected)",
        "doit être 1 (approuvée) ou 3 (refusée)",
        "moet 1 (goedgekeurd) of 3 (afgewezen) zijn",
        "muss 1 (genehmigt) oder 3 (abgelehnt) sein",
    ),
    WRONG_METER_STATUS: spoken(
        "must be 1 (active), 3 (waits for the grid operator) or 4 (waits for a manager)",
        "doit être 1 (actif), 3 (en attente du gestionnaire de réseau) ou 4 (en attente d'un gestionnaire)",
        "moet 1 (actief), 3 (wacht op de netbeheerder) of 4 (wacht op een beheerder) zijn",
        "muss 1 (aktiv), 3 (wartet auf den Netzbetreiber) oder 4 (wartet auf einen Verwalter) sein",
    ),
    "meters_in_already": spoken(
        "At least one of the meters takes part in this sharing operation already; nothing was changed.",
        "Au moins un des compteurs fait déjà partie de cette opération de partage ; rien n'a été modifié.",
        "Minstens een van de meters neemt al deel aan deze energiedeling; er is niets gewijzigd.",
        "Mindestens einer der Zähler nimmt an dieser Energieteilung schon teil; nichts wurde geändert.",
    ),
}
