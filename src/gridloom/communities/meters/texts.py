"""What the errors of this module say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    60000: spoken(
        "This community already has a meter with this EAN.",
        "Cette communauté a déjà un compteur avec ce code EAN.",
        "Deze gemeenschap heeft al een meter met deze EAN-code.",
        "Diese Gemeinschaft hat bereits einen Zähler mit dieser EAN.",
    ),
    60002: spoken(
        "The meter takes part in a sharing operation, now or later; take it out first.",
        "Le compteur participe à une opération de partage, aujourd'hui ou plus tard ; retirez-le d'abord.",
        "De meter neemt nu of later deel aan een energiedeling; haal hem daar eerst uit.",
        "Der Zähler nimmt jetzt oder später an einer Energieteilung teil; nehmen Sie ihn zuerst heraus.",
    ),
    60004: spoken(
        "This community has no such meter.",
        "Ce compteur n'existe pas dans cette communauté.",
        "Deze meter bestaat niet in deze gemeenschap.",
        "Diesen Zähler gibt es in dieser Gemeinschaft nicht.",
    ),
    60006: spoken(
        "The data of this meter change again after this date.",
        "Les données de ce compteur changent encore après cette date.",
        "De gegevens van deze meter veranderen na deze datum opnieuw.",
        "Die Daten dieses Zählers ändern sich nach diesem Datum noch einmal.",
    ),
    60007: spoken(
        "This community has no such meter.",
        "Ce compteur n'existe pas dans cette communauté.",
        "Deze meter bestaat niet in deze gemeenschap.",
        "Diesen Zähler gibt es in dieser Gemeinschaft nicht.",
    ),
    65000: spoken(
        "must be 1 (active), 2 (inactive), 3 (waiting for the grid operator) or 4 (waiting for a manager)",
        "doit être 1 (actif), 2 (inactif), 3 (en attente du GRD) ou 4 (en attente d'un gestionnaire)",
        "moet 1 (actief), 2 (inactief), 3 (wacht op de netbeheerder) of 4 (wacht op een beheerder) zijn",
        "muss 1 (aktiv), 2 (inaktiv), 3 (wartet auf den Netzbetreiber) oder 4 (wartet auf einen Verwalter) sein",
    ),
    65001: spoken(
        "must be 1 (single), 2 (day and night) or 3 (night only)",
        "doit être 1 (simple), 2 (bihoraire) ou 3 (exclusif nuit)",
        "moet 1 (enkelvoudig), 2 (dag en nacht) of 3 (uitsluitend nacht) zijn",
        "muss 1 (Einfachtarif), 2 (Tag und Nacht) oder 3 (nur Nacht) sein",
    ),
    65002: spoken(
        "must be 1 (residential), 2 (professional) or 3 (industrial)",
        "doit être 1 (résidentiel), 2 (professionnel) ou 3 (industriel)",
        "moet 1 (huishoudelijk), 2 (professioneel) of 3 (industrieel) zijn",
        "muss 1 (Haushalt), 2 (Gewerbe) oder 3 (Industrie) sein",
    ),
    65003: spoken(
        "must be a number from 1 to 4",
        "doit être un nombre de 1 à 4",
        "moet een getal van 1 tot 4 zijn",
        "muss eine Zahl von 1 bis 4 sein",
    ),
    65004: spoken(
        "must be a number from 1 to 7",
        "doit être un nombre de 1 à 7",
        "moet een getal van 1 tot 7 zijn",
        "muss eine Zahl von 1 bis 7 sein",
    ),
    65005: spoken(
        "must be 1 (low voltage) or 2 (high voltage)",
        "doit être 1 (basse tension) ou 2 (haute tension)",
        "moet 1 (laagspanning) of 2 (hoogspanning) zijn",
        "muss 1 (Niederspannung) oder 2 (Hochspannung) sein",
    ),
    65006: spoken(
        "must be 1 (monthly) or 2 (yearly)",
        "doit être 1 (mensuel) ou 2 (annuel)",
        "moet 1 (maandelijks) of 2 (jaarlijks) zijn",
        "muss 1 (monatlich) oder 2 (jährlich) sein",
    ),
    "meter_ean": spoken(
        "must be made of letters, digits and dashes",
        "ne peut contenir que des lettres, des chiffres et des tirets",
        "mag alleen letters, cijfers en streepjes bevatten",
        "darf nur aus Buchstaben, Ziffern und Bindestrichen bestehen",
    ),
    "meter_ends_early": spoken(
        "must not be before the first day",
        "ne peut pas précéder le premier jour",
        "mag niet voor de eerste dag liggen",
        "darf nicht vor dem ersten Tag liegen",
    ),
    "meter_member_unknown": spoken(
        "This community has no such member.",
        "Ce membre n'existe pas dans cette communauté.",
        "Dit lid bestaat niet in deze gemeenschap.",
        "Dieses Mitglied gibt es in dieser Gemeinschaft nicht.",
    ),
    "meter_operation_unknown": spoken(
        "This community has no such sharing operation.",
        "Cette opération de partage n'existe pas dans cette communauté.",
        "Deze energiedeling bestaat niet in deze gemeenschap.",
        "Diese Energieteilung gibt es in dieser Gemeinschaft nicht.",
    ),
    "meter_shared": spoken(
        "The meter already takes part in another sharing operation on one of these days.",
        "Le compteur participe déjà à une autre opération de partage durant cette période.",
        "De meter neemt in deze periode al deel aan een andere energiedeling.",
        "Der Zähler nimmt in dieser Zeit bereits an einer anderen Energieteilung teil.",
    ),
}
