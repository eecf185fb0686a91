"""What the errors of this module say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    20002: spoken(
        "There is no such document.",
        "Ce document n'existe pas.",
        "Dit document bestaat niet.",
        "Dieses Dokument gibt es nicht.",
    ),
    25000: spoken(
        "must not be larger than 5 MB",
        "ne peut pas dépasser 5 Mo",
        "mag niet groter zijn dan 5 MB",
        "darf nicht größer als 5 MB sein",
    ),
    "document_member_unknown": spoken(
        "This community has no such member.",
        "Ce membre n'existe pas dans cette communauté.",
        "Dit lid bestaat niet in deze gemeenschap.",
        "Dieses Mitglied gibt es in dieser Gemeinschaft nicht.",
    ),
}
