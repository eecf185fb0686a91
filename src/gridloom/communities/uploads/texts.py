"""What errors about uploads say."""

from gridloom.communities.texts import Texts, spoken

TEXTS: dict[int | str, Texts] = {
    "upload_without_operation": spoken(
        "This community has no such sharing operation.",
        "Cette opération de partage n'existe pas dans cette communauté.",
        "Deze energiedeling bestaat niet in deze gemeenschap.",
        "Diese Energieteilung gibt es in dieser Gemeinschaft nicht.",
    ),
    "no_meter_of_operation": spoken(
        "No meter in this file was ever in this sharing operation; the first one is {ean}.",
        "Aucun compteur de ce fichier n'a jamais fait partie de cette opération de partage ; le premier est {ean}.",
        "Geen enkele meter in dit bestand zat ooit in deze energiedeling; de eerste is {ean}.",
        "Kein Zähler in dieser Datei war jemals in dieser Energieteilung; der erste ist {ean}.",
    ),
    "no_meter_on_days": spoken(
        "No meter in this file was in this sharing operation on the days of its values; the first one is {ean}.",
        "Aucun compteur de ce fichier ne faisait partie de cette opération de partage aux jours de ses valeurs ; "
        "le premier est {ean}.",
        "Geen enkele meter in dit bestand zat op de dagen van zijn waarden in deze energiedeling; de eerste is {ean}.",
        "Kein Zähler in dieser Datei war an den Tagen seiner Werte in dieser Energieteilung; der erste ist {ean}.",
    ),
    "operation_without_meters": spoken(
        "No meter was ever in this sharing operation.",
        "Aucun compteur n'a jamais fait partie de cette opération de partage.",
        "Er zat nooit een meter in deze energiedeling.",
        "In dieser Energieteilung war nie ein Zähler.",
    ),
    "upload_empty": spoken("The file is empty.", "Le fichier est vide.", "Het bestand is leeg.", "Die Datei ist leer."),
    "upload_no_readings": spoken(
        "The file has no readings.",
        "Le fichier ne contient aucun relevé.",
        "Het bestand bevat geen metingen.",
        "Die Datei enthält keine Messwerte.",
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
        "There is no sheet “{name}”; there are: {others}.",
        "Il n'y a pas de feuille « {name} » ; il y a : {others}.",
        "Er is geen blad “{name}”; er zijn: {others}.",
        "Es gibt kein Blatt „{name}“; es gibt: {others}.",
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
    "upload_more_left": spoken(
        "More is left ({net}) than there is ({gross}).",
        "Le net ({net}) dépasse le brut ({gross}).",
        "Het netto ({net}) is meer dan het bruto ({gross}).",
        "Der Rest ({net}) ist mehr, als es brutto gibt ({gross}).",
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
        "This time lies before the year 2000.",
        "Cette date est antérieure à l'an 2000.",
        "Dit tijdstip ligt vóór het jaar 2000.",
        "Dieser Zeitpunkt liegt vor dem Jahr 2000.",
    ),
    "upload_time_ahead": spoken(
        "This time lies more than a day in the future; nothing can have been read then yet.",
        "Cette date est dans le futur de plus d'un jour ; rien ne peut déjà y avoir été relevé.",
        "Dit tijdstip ligt meer dan een dag in de toekomst; er kan dan nog niets gemeten zijn.",
        "Dieser Zeitpunkt liegt mehr als einen Tag in der Zukunft; dort kann noch nichts gemessen sein.",
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
    "upload_over_hours": spoken(
        "The file has quarters of an hour, but the meter {ean} has hours on {day}, and the file does not replace all of them.",
        "Le fichier contient des quarts d'heure, mais le compteur {ean} a des heures le {day}, "
        "et le fichier ne les remplace pas toutes.",
        "Het bestand bevat kwartieren, maar de meter {ean} heeft uren op {day}, en het bestand vervangt ze niet allemaal.",
        "Die Datei hat Viertelstunden, aber der Zähler {ean} hat am {day} Stunden, und die Datei ersetzt nicht alle davon.",
    ),
    "upload_over_minutes": spoken(
        "The meter {ean} has values at shorter intervals than a quarter of an hour on {day}.",
        "Le compteur {ean} a des valeurs à des intervalles de moins d'un quart d'heure le {day}.",
        "De meter {ean} heeft op {day} waarden met kortere tussenpozen dan een kwartier.",
        "Der Zähler {ean} hat am {day} Werte in kürzeren Abständen als einer Viertelstunde.",
    ),
    "upload_many_rows": spoken(
        "The file has more than {millions} million rows.",
        "Le fichier a plus de {millions} millions de lignes.",
        "Het bestand heeft meer dan {millions} miljoen rijen.",
        "Die Datei hat mehr als {millions} Millionen Zeilen.",
    ),
    "upload_file_twice": spoken(
        "has to be one file only",
        "doit être un seul fichier",
        "moet één enkel bestand zijn",
        "muss eine einzige Datei sein",
    ),
    "upload_over_quarters": spoken(
        "The file has hours, but for the meter {ean} there are quarters of an hour in this time.",
        "Le fichier contient des heures, mais le compteur {ean} a des quarts d'heure dans cette période.",
        "Het bestand bevat uren, maar voor de meter {ean} staan in deze tijd kwartieren.",
        "Die Datei hat Stunden, aber der Zähler {ean} hat in dieser Zeit Viertelstunden.",
    ),
}
