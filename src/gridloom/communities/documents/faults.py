"""What this module refuses."""

from gridloom.communities.faults import Refused


class NoDocument(Refused):
    """The community has no such document, or not of this member."""

    code = "no_document"
    number = 20002


class NoMemberOfDocuments(Refused):
    """The community has no member with this id."""

    code = "document_member_unknown"
    number = 50003
    says = "document_member_unknown"
