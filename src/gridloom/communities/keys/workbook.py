"""A key as a workbook of three sheets, in French, as grid operators and communities exchange it."""

from decimal import Decimal

from gridloom.communities.keys.rules import BY_NEED, Key
from gridloom.communities.workbooks import Link, Merge, Row, Sheet, workbook

FILE_NAME = "allocation_key.xlsx"
HOME, KEY, CREDIT = "Accueil", "Clef de répartition", "Crédit"
PRO_RATA = "PRORATA"

_CREDITS: tuple[Row, ...] = (
    ("Crédit",),
    ("Fichier produit par", "gridloom"),
    ("gridloom est", "une plateforme libre pour la recharge, l'énergie partagée et le comptage"),
    ("Licence du logiciel", "Apache License 2.0"),
    ("Contenu du fichier", "Il appartient à la communauté d'énergie qui a établi la clé."),
)


def key_workbook(name: str, description: str, key: Key) -> bytes:
    """The bytes of the file."""
    home: tuple[Row, ...] = (
        ("Clé de répartition",),
        ("Nom", name),
        ("Description", description),
        (Link("Voir la clé", KEY),),
        (Link("Voir les crédits", CREDIT),),
    )
    head: tuple[Row, ...] = (
        ("Itération", None, "Consommateur", None),
        ("Iteration n°", "Pourcentage VA", "Nom", "VAP"),
    )
    body = [
        (each.number, percent(each.share), consumer.name, percent(consumer.share))
        for each in key.rounds
        for consumer in each.consumers
    ]
    return workbook(
        Sheet(HOME, home, widths=(24, 60), bold_rows=(0,)),
        Sheet(KEY, [*head, *body], widths=(14, 18, 32, 14), merges=(Merge(0, 0, 1), Merge(0, 2, 3)), bold_rows=(0, 1)),
        Sheet(CREDIT, _CREDITS, widths=(24, 70), bold_rows=(0,)),
    )


def percent(share: Decimal) -> str:
    """A share as text: `60%`, `33.3%`, or `PRORATA` for one by need."""
    if share == BY_NEED:
        return PRO_RATA
    text = f"{share.scaleb(2):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"
