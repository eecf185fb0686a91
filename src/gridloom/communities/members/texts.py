"""What errors about members say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    "no_such_member": spoken(
        "This community has no such member.",
        "Cette communauté n'a pas de tel membre.",
        "Deze gemeenschap heeft geen dergelijk lid.",
        "Diese Gemeinschaft hat kein solches Mitglied.",
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
    55000: spoken(
        "is not one of the numbers that are known here",
        "n'est pas un des numéros connus ici",
        "is geen van de nummers die hier bekend zijn",
        "ist keine der Nummern, die es hier gibt",
    ),
}
