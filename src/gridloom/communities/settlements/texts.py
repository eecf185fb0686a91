"""What the errors of this module say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    90000: spoken(
        "There is no such settlement in this community.",
        "Ce décompte n'existe pas dans cette communauté.",
        "Deze afrekening bestaat niet in deze gemeenschap.",
        "Diese Abrechnung gibt es in dieser Gemeinschaft nicht.",
    ),
    "settlement_format": spoken(
        "must be csv, xlsx or parquet",
        "doit être csv, xlsx ou parquet",
        "moet csv, xlsx of parquet zijn",
        "muss csv, xlsx oder parquet sein",
    ),
    90001: spoken(
        "There is nothing to settle: no such sharing operation, or no active meter in it in this period.",
        "Il n'y a rien à décompter : opération de partage inconnue, ou aucun compteur actif dans cette période.",
        "Er is niets af te rekenen: onbekende energiedeling, of geen actieve meter in deze periode.",
        "Es gibt nichts abzurechnen: keine solche Energieteilung, oder kein aktiver Zähler in diesem Zeitraum.",
    ),
    90002: spoken(
        "The period is not usable: it must end on or after its first day, before today, and last 400 days at most.",
        "La période n'est pas utilisable : elle doit finir le jour de son début ou après, avant aujourd'hui, et durer "
        "400 jours au plus.",
        "De periode is niet bruikbaar: ze eindigt op of na haar eerste dag, vóór vandaag, en duurt hoogstens 400 dagen.",
        "Der Zeitraum ist nicht brauchbar: Er endet an oder nach seinem ersten Tag, vor heute, und dauert höchstens 400 Tage.",
    ),
    90003: spoken(
        "There is no earlier settlement of the same sharing operation and period to compare with.",
        "Il n'y a pas de décompte antérieur de la même opération de partage et de la même période.",
        "Er is geen eerdere afrekening van dezelfde energiedeling en periode om mee te vergelijken.",
        "Es gibt keine frühere Abrechnung derselben Energieteilung und desselben Zeitraums zum Vergleich.",
    ),
    90004: spoken(
        "This is more than one request settles; take a shorter period, or the command `gridloom settle`.",
        "C'est plus qu'une requête ne peut décompter ; prenez une période plus courte, ou la commande `gridloom settle`.",
        "Dit is meer dan één verzoek afrekent; neem een kortere periode, of het commando `gridloom settle`.",
        "Das ist mehr, als eine Anfrage abrechnet; nehmen Sie einen kürzeren Zeitraum oder den Befehl `gridloom settle`.",
    ),
}
