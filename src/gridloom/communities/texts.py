"""What errors say, in the languages of `Accept-Language`: English, French, Dutch, German.

A module has the sentences of its own errors in its `texts.py`, as `TEXTS`; here are those that several share.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TypeAlias

from gridloom.kernel.discovery import modules

LANGUAGES = ("en", "fr", "nl", "de")
DEFAULT = "en"

Texts: TypeAlias = dict[str, str]


def spoken(en: str, fr: str, nl: str, de: str) -> Texts:
    """One sentence in every language."""
    return {"en": en, "fr": fr, "nl": nl, "de": de}


# A number is an error code of this API; a name is a sentence for one case of a code, or for an error without a number.
TEXTS: dict[int | str, Texts] = {
    1: spoken(
        "Something went wrong on our side.",
        "Une erreur est survenue de notre côté.",
        "Er ging iets mis aan onze kant.",
        "Bei uns ist etwas schiefgegangen.",
    ),
    4: spoken(
        "Your role does not allow this.",
        "Votre rôle ne permet pas cette action.",
        "Uw rol laat dit niet toe.",
        "Ihre Rolle erlaubt das nicht.",
    ),
    5: spoken(
        "The request does not say which community it is about. Send the header `x-community-id`.",
        "La requête n'indique pas de quelle communauté il s'agit. Envoyez l'en-tête `x-community-id`.",
        "Het verzoek zegt niet om welke gemeenschap het gaat. Stuur de header `x-community-id` mee.",
        "Die Anfrage sagt nicht, um welche Gemeinschaft es geht. Senden Sie den Header `x-community-id`.",
    ),
    6: spoken(
        "You are not signed in, or your sign-in has ended.",
        "Vous n'êtes pas connecté, ou votre session a pris fin.",
        "U bent niet aangemeld, of uw aanmelding is verlopen.",
        "Sie sind nicht angemeldet, oder Ihre Anmeldung ist abgelaufen.",
    ),
    5000: spoken("must be text", "doit être un texte", "moet tekst zijn", "muss ein Text sein"),
    5001: spoken(
        "must be a whole number",
        "doit être un nombre entier",
        "moet een geheel getal zijn",
        "muss eine ganze Zahl sein",
    ),
    5002: spoken(
        "must be an e-mail address",
        "doit être une adresse e-mail",
        "moet een e-mailadres zijn",
        "muss eine E-Mail-Adresse sein",
    ),
    5003: spoken("must be a file", "doit être un fichier", "moet een bestand zijn", "muss eine Datei sein"),
    5004: spoken(
        "must be true or false", "doit être vrai ou faux", "moet waar of onwaar zijn", "muss wahr oder falsch sein"
    ),
    5005: spoken(
        "must be a date such as 2026-03-01",
        "doit être une date, par exemple 2026-03-01",
        "moet een datum zijn, bijvoorbeeld 2026-03-01",
        "muss ein Datum sein, zum Beispiel 2026-03-01",
    ),
    5006: spoken("must be a number", "doit être un nombre", "moet een getal zijn", "muss eine Zahl sein"),
    5007: spoken("must be a list", "doit être une liste", "moet een lijst zijn", "muss eine Liste sein"),
    5008: spoken("must not be empty", "ne peut pas être vide", "mag niet leeg zijn", "darf nicht leer sein"),
    5009: spoken("must be ASC or DESC", "doit être ASC ou DESC", "moet ASC of DESC zijn", "muss ASC oder DESC sein"),
    5010: spoken(
        "must be MEMBER, MANAGER or ADMIN",
        "doit être MEMBER, MANAGER ou ADMIN",
        "moet MEMBER, MANAGER of ADMIN zijn",
        "muss MEMBER, MANAGER oder ADMIN sein",
    ),
    5011: spoken("must be 1 or more", "doit valoir au moins 1", "moet minstens 1 zijn", "muss mindestens 1 sein"),
    10002: spoken(
        "There is no such community any more.",
        "Cette communauté n'existe plus.",
        "Deze gemeenschap bestaat niet meer.",
        "Diese Gemeinschaft gibt es nicht mehr.",
    ),
    10005: spoken(
        "This user does not belong to this community.",
        "Cet utilisateur ne fait pas partie de cette communauté.",
        "Deze gebruiker hoort niet bij deze gemeenschap.",
        "Dieser Benutzer gehört nicht zu dieser Gemeinschaft.",
    ),
    10006: spoken(
        "The last administrator cannot go; appoint another one first, or delete the community.",
        "Le dernier administrateur ne peut pas partir ; nommez-en d'abord un autre, ou supprimez la communauté.",
        "De laatste beheerder kan niet weg; benoem eerst een andere, of verwijder de gemeenschap.",
        "Der letzte Administrator kann nicht gehen; ernennen Sie zuerst einen anderen, oder löschen Sie die Gemeinschaft.",
    ),
    10010: spoken(
        "This user does not belong to this community.",
        "Cet utilisateur ne fait pas partie de cette communauté.",
        "Deze gebruiker hoort niet bij deze gemeenschap.",
        "Dieser Benutzer gehört nicht zu dieser Gemeinschaft.",
    ),
    10011: spoken(
        "The last administrator cannot give up this role; appoint another one first.",
        "Le dernier administrateur ne peut pas renoncer à ce rôle ; nommez-en d'abord un autre.",
        "De laatste beheerder kan deze rol niet opgeven; benoem eerst een andere.",
        "Der letzte Administrator kann diese Rolle nicht abgeben; ernennen Sie zuerst einen anderen.",
    ),
    10012: spoken(
        "There is no such community any more.",
        "Cette communauté n'existe plus.",
        "Deze gemeenschap bestaat niet meer.",
        "Diese Gemeinschaft gibt es nicht mehr.",
    ),
    10013: spoken(
        "The community to delete is not the one that this request is made in.",
        "La communauté à supprimer n'est pas celle dans laquelle cette requête est faite.",
        "De te verwijderen gemeenschap is niet die waarin dit verzoek wordt gedaan.",
        "Die zu löschende Gemeinschaft ist nicht die, in der diese Anfrage gestellt wird.",
    ),
    80002: spoken(
        "You have no profile yet; read it once, and it is there.",
        "Vous n'avez pas encore de profil ; consultez-le une fois et il existera.",
        "U hebt nog geen profiel; vraag het één keer op, en het is er.",
        "Sie haben noch kein Profil; rufen Sie es einmal ab, dann gibt es eines.",
    ),
    "missing": spoken("is missing", "manque", "ontbreekt", "fehlt"),
    "one_of": spoken(
        "must be one of: {allowed}",
        "doit être l'une de ces valeurs : {allowed}",
        "moet een van deze waarden zijn: {allowed}",
        "muss einer dieser Werte sein: {allowed}",
    ),
    "object": spoken("must be an object", "doit être un objet", "moet een object zijn", "muss ein Objekt sein"),
    "negative": spoken("must be 0 or more", "doit valoir au moins 0", "moet minstens 0 zijn", "muss mindestens 0 sein"),
    "too_long": spoken("is too long", "est trop long", "is te lang", "ist zu lang"),
    "too_big": spoken("is too large", "est trop grand", "is te groot", "ist zu groß"),
    "user_missing": spoken(
        "This is about a user's own account, and the request comes from no user.",
        "Ceci concerne le compte d'un utilisateur, et la requête ne vient d'aucun utilisateur.",
        "Dit gaat over het account van een gebruiker, en het verzoek komt van geen gebruiker.",
        "Hier geht es um das Konto eines Benutzers, und die Anfrage kommt von keinem Benutzer.",
    ),
    "not_in_community": spoken(
        "You do not belong to this community: `x-community-id` takes the `auth_community_id` of "
        "GET /communities/my-communities.",
        "Vous ne faites pas partie de cette communauté : `x-community-id` prend la valeur `auth_community_id` de "
        "GET /communities/my-communities.",
        "U hoort niet bij deze gemeenschap: `x-community-id` neemt de `auth_community_id` van "
        "GET /communities/my-communities.",
        "Sie gehören nicht zu dieser Gemeinschaft: `x-community-id` nimmt die `auth_community_id` aus "
        "GET /communities/my-communities.",
    ),
    "community_by_number": spoken(
        "You do not belong to this community: `x-community-id` takes the `auth_community_id` of "
        "GET /communities/my-communities, and {named} looks like the number (`id`).",
        "Vous ne faites pas partie de cette communauté : `x-community-id` prend la valeur `auth_community_id` de "
        "GET /communities/my-communities, et {named} ressemble au numéro (`id`).",
        "U hoort niet bij deze gemeenschap: `x-community-id` neemt de `auth_community_id` van "
        "GET /communities/my-communities, en {named} lijkt op het nummer (`id`).",
        "Sie gehören nicht zu dieser Gemeinschaft: `x-community-id` nimmt die `auth_community_id` aus "
        "GET /communities/my-communities, und {named} sieht wie die Nummer (`id`) aus.",
    ),
    "role_too_low": spoken(
        "Your role does not allow this: it takes {needed}, and you are {has} here.",
        "Votre rôle ne permet pas cette action : il faut être {needed}, et vous êtes {has} ici.",
        "Uw rol laat dit niet toe: {needed} is nodig, en u bent hier {has}.",
        "Ihre Rolle erlaubt das nicht: Nötig ist {needed}, und Sie sind hier {has}.",
    ),
    "wrong_password": spoken(
        "Login or password is wrong.",
        "L'identifiant ou le mot de passe est incorrect.",
        "De gebruikersnaam of het wachtwoord is fout.",
        "Anmeldename oder Passwort ist falsch.",
    ),
    "invalid": spoken(
        "The request is not valid.",
        "La requête n'est pas valable.",
        "Het verzoek is niet geldig.",
        "Die Anfrage ist nicht gültig.",
    ),
    "not_found": spoken(
        "There is nothing at this address.",
        "Il n'y a rien à cette adresse.",
        "Er is niets op dit adres.",
        "Unter dieser Adresse gibt es nichts.",
    ),
    "method_not_allowed": spoken(
        "This address does not know this method.",
        "Cette adresse ne connaît pas cette méthode.",
        "Dit adres kent deze methode niet.",
        "Diese Adresse kennt diese Methode nicht.",
    ),
    "conflict": spoken(
        "This does not go together with what is there already.",
        "Ceci est incompatible avec ce qui existe déjà.",
        "Dit gaat niet samen met wat er al is.",
        "Das verträgt sich nicht mit dem, was es schon gibt.",
    ),
    "too_large": spoken(
        "The request is too large.",
        "La requête est trop volumineuse.",
        "Het verzoek is te groot.",
        "Die Anfrage ist zu groß.",
    ),
    "wrong_media_type": spoken(
        "The request is in a form that is not read here.",
        "La requête a un format qui n'est pas lu ici.",
        "Het verzoek heeft een vorm die hier niet wordt gelezen.",
        "Die Anfrage hat eine Form, die hier nicht gelesen wird.",
    ),
    "rate_limited": spoken(
        "Too many requests; please wait a little.",
        "Trop de requêtes ; veuillez patienter un peu.",
        "Te veel verzoeken; wacht even.",
        "Zu viele Anfragen; bitte warten Sie ein wenig.",
    ),
    "unavailable": spoken(
        "This cannot be reached at the moment.",
        "Ceci n'est pas joignable pour le moment.",
        "Dit is op dit moment niet bereikbaar.",
        "Das ist im Augenblick nicht erreichbar.",
    ),
}


@lru_cache(maxsize=1024)
def language(accepted: str) -> str:
    """The best of our languages for an `Accept-Language` header (RFC 9110, 12.5.4); English when none fits."""
    best, weight = DEFAULT, 0.0
    for part in accepted[:500].lower().split(","):
        name, _, parameter = part.strip().partition(";")
        code = name.strip().partition("-")[0]
        quality = _quality(parameter.strip())
        if code in LANGUAGES and quality > weight:
            best, weight = code, quality
    return best


def said(key: int | str, speech: str, words: Mapping[str, object] | None = None) -> str | None:
    """The sentence of an error in a language, its gaps filled with `words`; None for an error that has none here."""
    found = everything().get(key)
    if found is None:
        return None
    return found[speech].format(**words) if words else found[speech]


@cache
def everything() -> dict[int | str, Texts]:
    """The sentences of all modules. Raises TypeError when two say the same one."""
    found = dict(TEXTS)
    for module in modules("texts", within=__name__.rpartition(".")[0]):
        if module.__name__ == __name__:
            continue
        if twice := found.keys() & module.TEXTS.keys():
            raise TypeError(f"{module.__name__} says anew what {twice} say")
        found |= module.TEXTS
    return found


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
