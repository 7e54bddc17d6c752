"""The errors in German, by their row in ``error_table``. What is missing here is said in English, as Meta does too."""

from typing import NamedTuple


class Text(NamedTuple):
    """What an error says; ``title`` and ``advice`` only where the table has them."""

    message: str
    title: str | None = None
    advice: str | None = None


GERMAN: dict[str, Text] = {
    "token_dead": Text("Ungültiges OAuth-Zugriffstoken."),
    "token_deauthorized": Text(
        "Fehler beim Überprüfen des Zugriffstokens: Nutzer {user} hat die Anwendung {app} nicht autorisiert."
    ),
    "token_checkpoint": Text(
        "Fehler beim Überprüfen des Zugriffstokens: Du kannst erst auf die App zugreifen, wenn du dich auf "
        "www.facebook.com anmeldest und den Anweisungen folgst.",
        "Bestätige dein Konto",
        "Melde dich bei Facebook an und folge den Anweisungen.",
    ),
    "token_logged_out": Text(
        "Fehler beim Überprüfen des Zugriffstokens: Die Sitzung ist ungültig, weil der Nutzer sein Passwort geändert "
        "hat oder Facebook die Sitzung aus Sicherheitsgründen geändert hat."
    ),
    "token_expired": Text(
        "Fehler beim Überprüfen des Zugriffstokens: Die Sitzung ist am {expired} abgelaufen. Es ist jetzt {now}."
    ),
    "token_revoked": Text("Fehler beim Überprüfen des Zugriffstokens: Der Nutzer hat sich möglicherweise abgemeldet."),
    "token_not_page": Text("(#190) Diese Methode muss mit einem Seiten-Zugriffstoken aufgerufen werden"),
    "permission_app": Text("(#10) Die Anwendung hat keine Berechtigung für diese Aktion"),
    "permission": Text("(#200) Berechtigungsfehler"),
    "messages_access_off": Text(
        "(#200) Der Kontoinhaber hat den Zugriff auf Instagram-Direktnachrichten deaktiviert",
        "Zugriff auf Nachrichten ist aus",
        "Erlaube den Zugriff auf Nachrichten in der Instagram-App unter Nachrichten und Story-Antworten.",
    ),
    "capability": Text("(#3) Die Anwendung ist zu diesem API-Aufruf nicht berechtigt."),
    "unsupported": Text(
        "Nicht unterstützte {method}-Anfrage. Das Objekt mit der ID '{id}' existiert nicht, kann wegen fehlender "
        "Berechtigungen nicht geladen werden oder unterstützt diesen Vorgang nicht."
    ),
    "not_linked": Text(
        "(#100) Die Seite ist mit keinem Instagram-Konto verknüpft, oder das Konto ist kein professionelles Konto"
    ),
    "no_user": Text("Der angeforderte Nutzer kann nicht gefunden werden."),
    "invalid_message": Text("(#100) Ungültige Nachrichtendaten: {reason}"),
    "comment_invalid": Text("Auf diesen Kommentar kann nicht privat geantwortet werden"),
    "comment_replied": Text("Auf den Kommentar, auf den du antworten möchtest, wurde bereits geantwortet."),
    "window_closed": Text("Diese Nachricht wird außerhalb des zulässigen Zeitfensters gesendet."),
    "window_messenger": Text("(#10) Diese Nachricht wird außerhalb des zulässigen Zeitfensters gesendet."),
    "unreachable": Text("(#551) Diese Person ist derzeit nicht erreichbar."),
    "unavailable": Text("(#551) Diese Person ist derzeit nicht erreichbar."),
    "cannot_receive": Text("(#10) Diese Person kann derzeit keine Nachrichten empfangen"),
    "not_owner_2534037": Text("Die Aktion ist ungültig, da die App nicht Inhaber der Unterhaltung ist."),
    "not_owner_2018300": Text("Die Nachricht wurde nicht gesendet, weil eine andere App die Unterhaltung steuert."),
    "limit_app": Text("(#4) Anfragelimit der Anwendung erreicht"),
    "limit_account": Text("Das Limit wurde überschritten. Bitte versuche es später erneut"),
    "media_fetch": Text("(#100) Die Datei konnte nicht von der URL abgerufen werden"),
    "media_type": Text("(#100) Fehler beim Hochladen des Anhangs."),
    "media_large": Text("(#100) Der Anhang ist zu groß"),
    "no_consent": Text("(#230) Für den Zugriff auf das Profil ist die Zustimmung des Nutzers erforderlich"),
    "no_profile": Text("(#9010) Kein passender Instagram-Nutzer"),
    "too_old": Text("(#9000001) Diese Nachricht wurde gelöscht oder ist nicht mehr verfügbar"),
    "temporary": Text("Ein unerwarteter Fehler ist aufgetreten. Bitte versuche es später noch einmal."),
    "policy_block": Text(
        "(#368) Die Aktion wurde als missbräuchlich eingestuft oder ist nicht erlaubt",
        "Du bist vorübergehend blockiert",
        "Anscheinend hast du diese Funktion missbraucht, indem du zu schnell warst.",
    ),
    "unknown": Text("Ein unbekannter Fehler ist aufgetreten"),
}
"""Checked against the table by the tests: every name is a row, every placeholder is the row's."""
