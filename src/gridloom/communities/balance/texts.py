"""What this module's errors say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    70023: spoken(
        "Nothing was consumed or injected in this sharing operation in this period.",
        "Aucune consommation ni injection dans cette opération de partage pour cette période.",
        "In deze energiedeling is in deze periode niets verbruikt of geïnjecteerd.",
        "In dieser Energieteilung wurde in diesem Zeitraum nichts verbraucht oder eingespeist.",
    ),
    60003: spoken(
        "There are no readings of this meter in this period.",
        "Il n'y a pas de relevés de ce compteur pour cette période.",
        "Er zijn geen metingen van deze meter in deze periode.",
        "Von diesem Zähler gibt es in diesem Zeitraum keine Messwerte.",
    ),
    "too_many_days": spoken(
        "At most three years are given in one answer; please ask for fewer days with date_start and date_end.",
        "Une réponse contient au maximum trois ans ; veuillez demander moins de jours avec date_start et date_end.",
        "Een antwoord bevat hoogstens drie jaar; vraag minder dagen met date_start en date_end.",
        "Eine Antwort umfasst höchstens drei Jahre; bitte weniger Tage mit date_start und date_end anfragen.",
    ),
    "end_before_start": spoken(
        "date_end lies before date_start.",
        "date_end précède date_start.",
        "date_end ligt vóór date_start.",
        "date_end liegt vor date_start.",
    ),
}
