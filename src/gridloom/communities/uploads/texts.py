"""What errors about uploads say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    "upload_without_operation": spoken(
        "This community has no such sharing operation.",
        "Cette communauté n'a pas de telle opération de partage.",
        "Deze gemeenschap heeft geen dergelijke energiedeling.",
        "Diese Gemeinschaft hat keine solche Energieteilung.",
    ),
    "no_meter_of_operation": spoken(
        "No meter in this file was ever in this sharing operation.",
        "Aucun compteur de ce fichier n'a jamais fait partie de cette opération de partage.",
        "Geen enkele meter in dit bestand zat ooit in deze energiedeling.",
        "Kein Zähler in dieser Datei war jemals in dieser Energieteilung.",
    ),
    "upload_of_wrong_kind": spoken(
        "has to be a workbook (xlsx, xls) or a CSV",
        "doit être un classeur (xlsx, xls) ou un CSV",
        "moet een werkmap (xlsx, xls) of een CSV zijn",
        "muss eine Arbeitsmappe (xlsx, xls) oder eine CSV-Datei sein",
    ),
    "upload_in_row": spoken("row {row}", "ligne {row}", "rij {row}", "Zeile {row}"),
    "upload_in_sheet": spoken("sheet “{sheet}”", "feuille « {sheet} »", "blad “{sheet}”", "Blatt „{sheet}“"),
    "upload_in_sheet_row": spoken(
        "sheet “{sheet}”, row {row}",
        "feuille « {sheet} », ligne {row}",
        "blad “{sheet}”, rij {row}",
        "Blatt „{sheet}“, Zeile {row}",
    ),
    "upload_in_cell": spoken(
        "sheet “{sheet}”, row {row}, column {column}",
        "feuille « {sheet} », ligne {row}, colonne {column}",
        "blad “{sheet}”, rij {row}, kolom {column}",
        "Blatt „{sheet}“, Zeile {row}, Spalte {column}",
    ),
    "upload_unreadable": spoken(
        "This cannot be read; the file may be damaged.",
        "Lecture impossible ; le fichier est peut-être endommagé.",
        "Dit kan niet worden gelezen; misschien is het bestand beschadigd.",
        "Das lässt sich nicht lesen; vielleicht ist die Datei beschädigt.",
    ),
    "upload_locked": spoken(
        "The workbook is protected by a password.",
        "Le classeur est protégé par un mot de passe.",
        "De werkmap is met een wachtwoord beveiligd.",
        "Die Arbeitsmappe ist mit einem Passwort geschützt.",
    ),
    "upload_swollen": spoken(
        "The workbook is too large once it is unpacked.",
        "Le classeur est trop grand une fois décompressé.",
        "De werkmap is te groot zodra ze is uitgepakt.",
        "Die Arbeitsmappe ist ausgepackt zu groß.",
    ),
    "upload_no_sheet": spoken(
        "There is no sheet “{name}”.",
        "Il n'y a pas de feuille « {name} ».",
        "Er is geen blad “{name}”.",
        "Es gibt kein Blatt „{name}“.",
    ),
    "upload_no_rows": spoken(
        "There are no values.",
        "Il n'y a aucune valeur.",
        "Er zijn geen waarden.",
        "Es gibt keine Werte.",
    ),
    "upload_header": spoken(
        "The first row has to name timestamp, ean, direction and gross, and may name shared and net; nothing else.",
        "La première ligne doit nommer timestamp, ean, direction et gross, et peut nommer shared et net ; rien d'autre.",
        "De eerste rij moet timestamp, ean, direction en gross noemen, en mag shared en net noemen; niets anders.",
        "Die erste Zeile muss timestamp, ean, direction und gross nennen und darf shared und net nennen; sonst nichts.",
    ),
    "upload_no_way": spoken(
        "The heading says neither Prélèvement nor Injection.",
        "L'en-tête n'indique ni Prélèvement ni Injection.",
        "De kop vermeldt noch Prélèvement noch Injection.",
        "Die Überschrift nennt weder Prélèvement noch Injection.",
    ),
    "upload_no_ean": spoken("There is no EAN.", "Il n'y a pas d'EAN.", "Er is geen EAN.", "Es gibt keine EAN."),
    "upload_ean_rounded": spoken(
        "“{cell}” is an EAN that was rounded as a number; it has to be text.",
        "« {cell} » est un EAN arrondi comme un nombre ; il doit être un texte.",
        "“{cell}” is een EAN die als getal werd afgerond; het moet tekst zijn.",
        "„{cell}“ ist eine EAN, die als Zahl gerundet wurde; sie muss Text sein.",
    ),
    "upload_column_twice": spoken(
        "The meter {ean} has two columns of the same kind.",
        "Le compteur {ean} a deux colonnes du même type.",
        "De meter {ean} heeft twee kolommen van dezelfde soort.",
        "Der Zähler {ean} hat zwei Spalten derselben Art.",
    ),
    "upload_sheets_differ": spoken(
        "The sheet “{other}” has other meters or other times here.",
        "La feuille « {other} » contient ici d'autres compteurs ou d'autres heures.",
        "Het blad “{other}” heeft hier andere meters of andere tijden.",
        "Das Blatt „{other}“ hat hier andere Zähler oder andere Zeiten.",
    ),
    "upload_no_value": spoken(
        "There is no value (nothing, or a formula with an error).",
        "Il n'y a pas de valeur (rien, ou une formule en erreur).",
        "Er is geen waarde (niets, of een formule met een fout).",
        "Es gibt keinen Wert (nichts, oder eine Formel mit einem Fehler).",
    ),
    "upload_not_number": spoken(
        "“{cell}” is not a number.",
        "« {cell} » n'est pas un nombre.",
        "“{cell}” is geen getal.",
        "„{cell}“ ist keine Zahl.",
    ),
    "upload_negative": spoken(
        "An amount of energy is negative (gross {gross}, shared {shared}, net {net}).",
        "Une quantité d'énergie est négative (brut {gross}, partagé {shared}, net {net}).",
        "Een hoeveelheid energie is negatief (bruto {gross}, gedeeld {shared}, netto {net}).",
        "Eine Energiemenge ist negativ (brutto {gross}, geteilt {shared}, netto {net}).",
    ),
    "upload_absurd": spoken(
        "An amount of energy is impossibly large (gross {gross}, shared {shared}, net {net}).",
        "Une quantité d'énergie est démesurée (brut {gross}, partagé {shared}, net {net}).",
        "Een hoeveelheid energie is onmogelijk groot (bruto {gross}, gedeeld {shared}, netto {net}).",
        "Eine Energiemenge ist unmöglich groß (brutto {gross}, geteilt {shared}, netto {net}).",
    ),
    "upload_more_shared": spoken(
        "More is shared ({shared}) than there is ({gross}).",
        "Il y a plus d'énergie partagée ({shared}) que d'énergie brute ({gross}).",
        "Er is meer gedeeld ({shared}) dan er is ({gross}).",
        "Es ist mehr geteilt ({shared}), als es gibt ({gross}).",
    ),
    "upload_parts_differ": spoken(
        "What is left ({net}) is not gross ({gross}) less shared ({shared}).",
        "Le net ({net}) n'est pas le brut ({gross}) moins le partagé ({shared}).",
        "Het netto ({net}) is niet het bruto ({gross}) min het gedeelde ({shared}).",
        "Der Rest ({net}) ist nicht brutto ({gross}) weniger geteilt ({shared}).",
    ),
    "upload_direction": spoken(
        "“{cell}” is neither consumption nor injection.",
        "« {cell} » n'est ni consumption ni injection.",
        "“{cell}” is noch consumption noch injection.",
        "„{cell}“ ist weder consumption noch injection.",
    ),
    "upload_many_cells": spoken(
        "There are more cells than in the first row.",
        "Il y a plus de cellules que dans la première ligne.",
        "Er zijn meer cellen dan in de eerste rij.",
        "Es gibt mehr Zellen als in der ersten Zeile.",
    ),
    "upload_long_row": spoken(
        "The row is too long.", "La ligne est trop longue.", "De rij is te lang.", "Die Zeile ist zu lang."
    ),
    "upload_not_utf8": spoken(
        "This is not UTF-8.", "Ceci n'est pas de l'UTF-8.", "Dit is geen UTF-8.", "Das ist kein UTF-8."
    ),
    "upload_time_unreadable": spoken(
        "“{cell}” is not a time.",
        "« {cell} » n'est pas une date et heure.",
        "“{cell}” is geen tijdstip.",
        "„{cell}“ ist kein Zeitpunkt.",
    ),
    "upload_time_left_out": spoken(
        "This hour does not exist: the clocks went forward.",
        "Cette heure n'existe pas : passage à l'heure d'été.",
        "Dit uur bestaat niet: de klok ging vooruit.",
        "Diese Stunde gibt es nicht: Die Uhren wurden vorgestellt.",
    ),
    "upload_time_too_far": spoken(
        "This time lies before the year 2000 or far in the future.",
        "Cette date est antérieure à l'an 2000 ou trop lointaine.",
        "Dit tijdstip ligt vóór het jaar 2000 of ver in de toekomst.",
        "Dieser Zeitpunkt liegt vor dem Jahr 2000 oder weit in der Zukunft.",
    ),
    "upload_time_off_grid": spoken(
        "The time is not the beginning of a quarter of an hour.",
        "L'heure n'est pas le début d'un quart d'heure.",
        "Het tijdstip is niet het begin van een kwartier.",
        "Der Zeitpunkt ist nicht der Beginn einer Viertelstunde.",
    ),
    "upload_time_twice": spoken(
        "The meter {ean} has a value for this time already.",
        "Le compteur {ean} a déjà une valeur pour cette heure.",
        "De meter {ean} heeft al een waarde voor dit tijdstip.",
        "Der Zähler {ean} hat für diesen Zeitpunkt schon einen Wert.",
    ),
    "upload_irregular": spoken(
        "The values have to follow one another every quarter of an hour, or all of them every hour.",
        "Les valeurs doivent se suivre tous les quarts d'heure, ou toutes d'heure en heure.",
        "De waarden moeten elkaar om het kwartier opvolgen, of alle om het uur.",
        "Die Werte müssen einander jede Viertelstunde folgen, oder alle jede Stunde.",
    ),
    "upload_over_quarters": spoken(
        "The file has hours, but for the meter {ean} there are quarters of an hour in this time.",
        "Le fichier contient des heures, mais le compteur {ean} a des quarts d'heure dans cette période.",
        "Het bestand bevat uren, maar voor de meter {ean} staan in deze tijd kwartieren.",
        "Die Datei hat Stunden, aber der Zähler {ean} hat in dieser Zeit Viertelstunden.",
    ),
}
