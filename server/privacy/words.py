"""What the export calls things, in English and French, and which columns mean nothing to people."""

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
        "access_point_id": ("Access point", "Point d’accès"),
        "pass_type": ("Pass type", "Type de laissez-passer"),
        "pass_name": ("Pass", "Laissez-passer"),
        "credential_kind": ("Card", "Carte"),
        "username": ("Username", "Nom d’utilisateur"),
        "created_at": ("Since", "Depuis"),
        "total": ("Total", "Total"),
        "amount_cents": ("Amount in cents", "Montant en cents"),
        "description": ("Description", "Description"),
        "address_line_2": ("Address, second line", "Adresse, deuxième ligne"),
        "access_point": ("Access point", "Point d’accès"),
        "access_picture_verified_on": ("Access picture verified on", "Photo d’accès vérifiée le"),
        "is_blocked": ("Entry blocked", "Entrée bloquée"),
        "has_notify_flag": ("Staff are notified", "Le personnel est avisé"),
        "wants_email": ("Agrees to e-mail", "Accepte les courriels"),
        "wants_sms": ("Agrees to text messages", "Accepte les textos"),
        "archived_at": ("Archived", "Archivé"),
        "erased_at": ("Erased", "Effacé"),
        "balance_cents": ("Balance in cents", "Solde en cents"),
        "due_since": ("Due since", "Dû depuis"),
        "external_id": ("Key of the other system", "Clé de l’autre système"),
        "activated_at": ("Activated", "Activé"),
        "changed_at": ("Changed", "Modifié"),
        "issued_at": ("Issued", "Émise"),
        "printed_at": ("Printed", "Imprimée"),
        "revoked_at": ("Cancelled", "Annulée"),
        "revoked_because": ("Cancelled because", "Motif de l’annulation"),
        "is_starred": ("Starred", "Avec étoile"),
        "is_allergy": ("Allergy", "Allergie"),
        "written_at": ("Written", "Rédigé"),
        "answered_at": ("Answered", "Répondu"),
        "level": ("Level", "Niveau"),
        "achieved_on": ("Reached on", "Atteint le"),
        "note": ("Note", "Note"),
        "role": ("Which picture", "Quelle photo"),
        "source": ("Entered through", "Provenance"),
        "starts_on": ("Starts on", "Commence le"),
        "ends_on": ("Ends on", "Se termine le"),
        "cancellation_state": ("Cancellation", "Résiliation"),
        "cancellation_ends_on": ("Cancelled from", "Résiliation le"),
        "purchased_on": ("Bought on", "Acheté le"),
        "effective": ("Takes effect", "Prend effet"),
        "effective_on": ("In effect from", "En vigueur dès le"),
        "first_used_on": ("First used on", "Première utilisation le"),
        "expires_on": ("Expires on", "Expire le"),
        "expires_after_days": ("Expires after days", "Expire après (jours)"),
        "expires_after_months": ("Expires after months", "Expire après (mois)"),
        "is_one_use_a_day": ("One use a day", "Une utilisation par jour"),
        "is_strict": ("Strict", "Strict"),
        "used_at": ("Used", "Utilisé"),
        "is_undone": ("Undone", "Annulé"),
        "status": ("Status", "État"),
        "has_invoice": ("Invoice issued", "Facture émise"),
        "registered_at": ("Registered", "Inscrit"),
        "relation": ("Relation", "Lien"),
        "relation_en": ("Relation (English)", "Lien (anglais)"),
        "relation_fr": ("Relation (French)", "Lien (français)"),
        "is_emergency": ("Emergency contact", "Contact d’urgence"),
        "due_on": ("Due on", "Échéance"),
        "entered_at": ("Entered", "Saisi"),
        "purpose": ("Purpose", "But"),
        "to_address": ("To", "À"),
        "subject": ("Subject", "Objet"),
        "body": ("Content", "Contenu"),
        "expires_at": ("Expires", "Expire"),
        "made_at": ("Made", "Fait"),
        "sent_at": ("Sent", "Envoyé"),
        "decision": ("Decision", "Décision"),
        "is_use_added": ("Use added to the pass", "Utilisation ajoutée au laissez-passer"),
        "decided_at": ("Decided", "Décidé"),
        "at": ("When", "Moment"),
        "action": ("What", "Quoi"),
        "reasons": ("Reasons", "Motifs"),
        "is_offline": ("Decided offline", "Décidé hors ligne"),
        "flags": ("Flags", "Remarques"),
        "yes": ("yes", "oui"),
        "no": ("no", "non"),
    }
)

_OURS: Final = frozenset(
    {
        *("seq", "fingerprint", "picture", "profile_picture", "access_picture", "merged_into", "refers_to", "attempts"),
        *("access_picture_verified_by", "issued_by", "revoked_by", "written_by", "recorded_by", "changed_by"),
        *("entered_by", "decided_by", "erased_by", "next_at", "given_up_at", "error", "memo_ids", "blocked_ids"),
        *("occurrence_ids", "actor_kind", "entity", "changes_hash", "body_hash", "is_flagged"),
    }
)
"""Keys, and what becomes of a message on its way; they are in the JSON."""


def is_for_people(name: str) -> bool:
    """Whether the page to read shows the column."""
    return (
        name != "id"
        and (name == "member_id" or name == "external_id" or not name.endswith("_id"))
        and name not in _OURS
    )


def heading(language: str, name: str) -> str:
    """The word for a list or a column."""
    words = _WORDS.get(name)
    return words[language == "fr"] if words else name.replace("_", " ")
