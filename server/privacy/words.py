"""What the export calls things, in English and French; a column without a word of its own is called by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["heading"]

_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "title": ("What we have about you", "Ce que nous avons à votre sujet"),
        "person": ("Person", "Personne"),
        "account": ("Client account", "Compte client"),
        "login": ("Sign-in", "Connexion"),
        "tags": ("Tags", "Étiquettes"),
        "credentials": ("Cards and codes", "Cartes et codes"),
        "memos": ("Memos", "Mémos"),
        "answers": ("Answers", "Réponses"),
        "skills": ("Skills", "Compétences"),
        "pictures": ("History of pictures", "Historique des photos"),
        "memberships": ("Memberships", "Adhésions"),
        "multipasses": ("Multipasses", "Laissez-passer"),
        "pass_uses": ("Uses of multipasses", "Utilisations de laissez-passer"),
        "registrations": ("Registrations", "Inscriptions"),
        "allowed_adults": ("Child pick-up", "Ramassage des enfants"),
        "contacts": ("Contacts", "Contacts"),
        "balance": ("Balance", "Solde"),
        "mails": ("E-mails", "Courriels"),
        "settlements": ("Decisions on check-ins", "Décisions sur des entrées"),
        "changes": ("Changes that were made", "Modifications effectuées"),
        "movements": ("Check-ins and check-outs", "Entrées et départs"),
        "first_name": ("First name", "Prénom"),
        "last_name": ("Last name", "Nom"),
        "name": ("Name", "Nom"),
        "of": ("Of", "De"),
        "value": ("Value", "Valeur"),
        "text": ("Text", "Texte"),
        "date_of_birth": ("Date of birth", "Date de naissance"),
        "language": ("Language", "Langue"),
        "member_id": ("Member ID", "Identifiant"),
        "email": ("E-mail", "Courriel"),
        "phone": ("Telephone", "Téléphone"),
        "gender": ("Gender", "Genre"),
        "address_line_1": ("Address", "Adresse"),
        "city": ("City", "Ville"),
        "province": ("Province", "Province"),
        "postal_code": ("Postal code", "Code postal"),
        "country": ("Country", "Pays"),
        "admin_note": ("Note", "Note"),
        "kind": ("Kind", "Type"),
        "outcome": ("Outcome", "Résultat"),
        "occurred_at": ("When", "Moment"),
        "recorded_at": ("Recorded", "Enregistré"),
        "access_point_id": ("Access point", "Point d'accès"),
        "pass_type": ("Pass type", "Type de laissez-passer"),
        "pass_name": ("Pass", "Laissez-passer"),
        "credential_kind": ("Card", "Carte"),
        "username": ("Username", "Nom d'utilisateur"),
        "created_at": ("Since", "Depuis"),
        "total": ("Total", "Total"),
        "amount_cents": ("Amount in cents", "Montant en cents"),
        "description": ("Description", "Description"),
        "yes": ("yes", "oui"),
        "no": ("no", "non"),
    }
)


def heading(language: str, name: str) -> str:
    """The word for a list or a column."""
    words = _WORDS.get(name)
    return words[language == "fr"] if words else name.replace("_", " ")
