"""What the errors of this module say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    "tenant_not_named": spoken(
        "This login has this password in several tenants; name one in `tenant`.",
        "Cet identifiant a ce mot de passe chez plusieurs clients de l'installation ; nommez-en un dans `tenant`.",
        "Deze gebruikersnaam heeft dit wachtwoord bij meerdere huurders; noem er een in `tenant`.",
        "Dieser Anmeldename hat dieses Passwort bei mehreren Mandanten; nennen Sie einen in `tenant`.",
    ),
}
