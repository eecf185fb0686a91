"""Countries (ISO 3166-1, and XK) and the states of those five whose addresses name one (ISO 3166-2, national lists)."""

from typing import TYPE_CHECKING, Literal, TypeAlias


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COUNTRIES = _codes(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)

STATES: dict[str, tuple[str, ...]] = {
    "US": _codes(
        "AK AL AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY LA MA MD ME MH MI MN MO MP MS MT NC ND NE NH "
        "NJ NM NV NY OH OK OR PA PR PW RI SC SD TN TX UT VA VI VT WA WI WV WY"
    ),
    "AU": _codes("ACI ACT AQ CC CSI CX HM JBT NF NSW NT QLD SA TAS VIC WA"),
    "CA": _codes("AB BC MB NB NL NS NT NU ON PE QC SK YT"),
    "UM": _codes("67 71 76 79 81 84 85 86 89 95"),
    "RO": _codes(
        "AB AG AR B BC BH BN BR BT BV BZ CJ CL CS CT CV DB DJ GJ GL GR HD HR IF IL IS MH MM MS NT OT PH SB SJ SM SV "
        "TL TM TR VL VN VS"
    ),
}

if TYPE_CHECKING:
    Country: TypeAlias = str
    State: TypeAlias = str
else:
    Country = Literal[COUNTRIES]
    State = Literal[tuple(dict.fromkeys(each for states in STATES.values() for each in states))]


def state_mistake(country: str, state: str) -> str | None:
    """What is wrong with a state in a country; None when they belong together."""
    if country not in STATES:
        return f"Only addresses in {', '.join(STATES)} name a state; give a region instead."
    return None if state in STATES[country] else f"This is no state of {country}."
