"""What errors about members say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    "no_such_member": spoken(
        "This community has no such member.",
        "Ce membre n'existe pas dans cette communauté.",
        "Dit lid bestaat niet in deze gemeenschap.",
        "Dieses Mitglied gibt es in dieser Gemeinschaft nicht.",
    ),
    "unknown_manager": spoken(
        "`manager_id` names nobody who manages a member of this community.",
        "`manager_id` ne désigne aucun responsable d'un membre de cette communauté.",
        "`manager_id` noemt niemand die een lid van deze gemeenschap beheert.",
        "`manager_id` nennt niemanden, der ein Mitglied dieser Gemeinschaft verwaltet.",
    ),
    50002: spoken(
        "No user is linked to this member, and none is invited.",
        "Aucun utilisateur n'est lié à ce membre, et aucun n'est invité.",
        "Aan dit lid is geen gebruiker gekoppeld en er is niemand uitgenodigd.",
        "Mit diesem Mitglied ist kein Benutzer verknüpft, und keiner ist eingeladen.",
    ),
    50007: spoken(
        "This member is linked to a user already; remove that link first.",
        "Ce membre est déjà lié à un utilisateur ; supprimez d'abord ce lien.",
        "Dit lid is al aan een gebruiker gekoppeld; verwijder eerst die koppeling.",
        "Dieses Mitglied ist schon mit einem Benutzer verknüpft; heben Sie zuerst diese Verknüpfung auf.",
    ),
    50013: spoken(
        "This member holds a meter today or later; give the meter to another member first.",
        "Ce membre détient un compteur aujourd'hui ou plus tard ; attribuez d'abord le compteur à un autre membre.",
        "Dit lid heeft nu of later een meter; geef de meter eerst aan een ander lid.",
        "Dieses Mitglied hat jetzt oder später einen Zähler; ordnen Sie den Zähler zuerst einem anderen Mitglied zu.",
    ),
    "member_type": spoken(
        "must be 1 (individual) or 2 (company)",
        "doit être 1 (particulier) ou 2 (société)",
        "moet 1 (particulier) of 2 (bedrijf) zijn",
        "muss 1 (Privatperson) oder 2 (Unternehmen) sein",
    ),
    "member_status": spoken(
        "must be 1 (active), 2 (inactive) or 3 (pending)",
        "doit être 1 (actif), 2 (inactif) ou 3 (en attente)",
        "moet 1 (actief), 2 (inactief) of 3 (in afwachting) zijn",
        "muss 1 (aktiv), 2 (inaktiv) oder 3 (ausstehend) sein",
    ),
    "manager_missing": spoken(
        "is missing; a company has one (or `manager_id`, for somebody who manages a member already)",
        "manque ; une société en a un (ou `manager_id`, pour un responsable déjà connu)",
        "ontbreekt; een bedrijf heeft er een (of `manager_id`, voor wie al een lid beheert)",
        "fehlt; ein Unternehmen hat einen (oder `manager_id`, für jemanden, der schon ein Mitglied verwaltet)",
    ),
}
