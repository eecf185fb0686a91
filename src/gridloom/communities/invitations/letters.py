"""What an invitation's mail says, in the language of the request that invites."""

from typing import Literal, NamedTuple, TypeAlias

from gridloom.communities.invitations import store
from gridloom.communities.invitations.parts import LetterLimit
from gridloom.communities.texts import Texts, language, spoken
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.mail.outbox import Mail
from gridloom.settings import Settings

Kind: TypeAlias = Literal["member", "new_member", "manager"]


class Letter(NamedTuple):
    """A subject, and the paragraphs of a text. `{community}` and `{address}` are put in."""

    subject: Texts
    invites: Texts
    asks: Texts


_MEMBER = spoken(
    "Invitation to the energy community {community}",
    "Invitation à la communauté d'énergie {community}",
    "Uitnodiging voor de energiegemeenschap {community}",
    "Einladung in die Energiegemeinschaft {community}",
)
LETTERS: dict[Kind, Letter] = {
    "member": Letter(
        _MEMBER,
        spoken(
            'The energy community "{community}" has registered you as a member and would like to link this to your account.',
            "La communauté d'énergie « {community} » vous a inscrit comme membre et souhaite lier cette inscription à votre "
            "compte.",
            'De energiegemeenschap "{community}" heeft u als lid ingeschreven en wil dit aan uw account koppelen.',
            "Die Energiegemeinschaft „{community}“ hat Sie als Mitglied eingetragen und möchte dies mit Ihrem Konto verknüpfen.",
        ),
        spoken(
            "Sign in with the address {address}, open your invitations and accept this one.",
            "Connectez-vous avec l'adresse {address}, ouvrez vos invitations et acceptez celle-ci.",
            "Meld u aan met het adres {address}, open uw uitnodigingen en aanvaard deze.",
            "Melden Sie sich mit der Adresse {address} an, öffnen Sie Ihre Einladungen und nehmen Sie diese an.",
        ),
    ),
    "new_member": Letter(
        _MEMBER,
        spoken(
            'The energy community "{community}" invites you to become a member.',
            "La communauté d'énergie « {community} » vous invite à devenir membre.",
            'De energiegemeenschap "{community}" nodigt u uit om lid te worden.',
            "Die Energiegemeinschaft „{community}“ lädt Sie ein, Mitglied zu werden.",
        ),
        spoken(
            "Sign in with the address {address}, open your invitations, fill in your details and accept.",
            "Connectez-vous avec l'adresse {address}, ouvrez vos invitations, complétez vos données et acceptez.",
            "Meld u aan met het adres {address}, open uw uitnodigingen, vul uw gegevens in en aanvaard.",
            "Melden Sie sich mit der Adresse {address} an, öffnen Sie Ihre Einladungen, tragen Sie Ihre Daten ein und nehmen "
            "Sie an.",
        ),
    ),
    "manager": Letter(
        spoken(
            "Invitation to manage the energy community {community}",
            "Invitation à gérer la communauté d'énergie {community}",
            "Uitnodiging om de energiegemeenschap {community} te beheren",
            "Einladung, die Energiegemeinschaft {community} zu verwalten",
        ),
        spoken(
            'The energy community "{community}" invites you to be one of its managers.',
            "La communauté d'énergie « {community} » vous invite à faire partie de ses gestionnaires.",
            'De energiegemeenschap "{community}" nodigt u uit om een van haar managers te zijn.',
            "Die Energiegemeinschaft „{community}“ lädt Sie ein, sie mit zu verwalten.",
        ),
        spoken(
            "Sign in with the address {address}, open your invitations and accept this one.",
            "Connectez-vous avec l'adresse {address}, ouvrez vos invitations et acceptez celle-ci.",
            "Meld u aan met het adres {address}, open uw uitnodigingen en aanvaard deze.",
            "Melden Sie sich mit der Adresse {address} an, öffnen Sie Ihre Einladungen und nehmen Sie diese an.",
        ),
    ),
}
HELLO = spoken("Good day,", "Bonjour,", "Goedendag,", "Guten Tag,")
UNWANTED = spoken(
    "If you do not know this community, you need not do anything.",
    "Si vous ne connaissez pas cette communauté, vous n'avez rien à faire.",
    "Als u deze gemeenschap niet kent, hoeft u niets te doen.",
    "Wenn Sie diese Gemeinschaft nicht kennen, brauchen Sie nichts zu tun.",
)


def written(kind: Kind, speech: str, *, community: str, address: str, site: str | None = None) -> tuple[str, str]:
    """Subject and text in a language. site: where to sign in, when the installation says so."""
    letter = LETTERS[kind]
    values = {"community": " ".join(community.split()), "address": address}
    body = [letter.invites[speech].format(**values), letter.asks[speech].format(**values), *([site] if site else [])]
    return letter.subject[speech].format(**values), "\n\n".join([HELLO[speech], *body, UNWANTED[speech]]) + "\n"


async def send(tx: Tx, mail: Mail, call: Call, kind: Kind, community_id: int, address: str) -> None:
    """Mail an invitation once this transaction has committed. Raises RateLimited for who invites too many."""
    call.services.part(LetterLimit).take(f"{tx.tenant}/{call.subject.id}").enforce()
    speech = language(call.headers.get("accept-language", ""))
    name = await store.community_name(tx, community_id)
    site = call.services.part(Settings).public_url
    subject, text = written(kind, speech, community=name, address=address.strip(), site=site)
    await mail.send(tx, address, subject, text, language=speech)
