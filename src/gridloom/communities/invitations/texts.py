"""What errors about invitations say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    "invitation_gone": spoken(
        "There is no such invitation, or it was answered or withdrawn already.",
        "Cette invitation n'existe pas, ou elle a déjà reçu une réponse ou été retirée.",
        "Deze uitnodiging bestaat niet, of is al beantwoord of ingetrokken.",
        "Diese Einladung gibt es nicht, oder sie wurde schon beantwortet oder zurückgezogen.",
    ),
    "somebody_elses_invitation": spoken(
        "This invitation is for somebody else.",
        "Cette invitation s'adresse à quelqu'un d'autre.",
        "Deze uitnodiging is voor iemand anders.",
        "Diese Einladung ist für jemand anderen.",
    ),
    30002: spoken(
        "You are an administrator of this community already.",
        "Vous êtes déjà administrateur de cette communauté.",
        "U bent al beheerder van deze gemeenschap.",
        "Sie sind schon Administrator dieser Gemeinschaft.",
    ),
    30003: spoken(
        "You are a manager of this community already.",
        "Vous êtes déjà gestionnaire de cette communauté.",
        "U bent al manager van deze gemeenschap.",
        "Sie verwalten diese Gemeinschaft schon.",
    ),
    30008: spoken(
        "This invitation asks for your details; accept it together with them.",
        "Cette invitation demande vos données ; acceptez-la en les fournissant.",
        "Deze uitnodiging vraagt om uw gegevens; aanvaard ze samen met die gegevens.",
        "Diese Einladung fragt nach Ihren Daten; nehmen Sie sie zusammen mit den Daten an.",
    ),
    30013: spoken(
        "Your details are known already; accept this invitation without them.",
        "Vos données sont déjà connues ; acceptez cette invitation sans les fournir.",
        "Uw gegevens zijn al bekend; aanvaard deze uitnodiging zonder gegevens.",
        "Ihre Daten sind schon bekannt; nehmen Sie diese Einladung ohne Daten an.",
    ),
}
