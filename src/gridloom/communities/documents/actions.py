"""Documents of members. Bytes come in and go out outside of transactions; rows are written inside."""

from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.documents import forms, store
from gridloom.communities.documents.faults import NoDocument, NoMemberOfDocuments
from gridloom.communities.documents.lists import DOCUMENTS
from gridloom.communities.documents.schemas import Document, DocumentForm, DocumentsQuery
from gridloom.communities.members import public as members
from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.files.library import Files, Upload
from gridloom.kernel.files.links import attachment
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.headers import FILE_POLICY

TAG = ("Documents",)
READ, WRITE = "communities.documents:read", "communities.documents:write"
DONE = "success"


@action(
    "POST", "/documents/", scope=WRITE, answers={200: str}, faults=(NoMemberOfDocuments,), extra=IN_COMMUNITY,
    form=DocumentForm, media="multipart/form-data", max_body=forms.MAX_BODY_BYTES, audited=False, documented=(415,),
    name="post_documents", tags=TAG,
)  # fmt: skip
async def keep(subject: Subject, call: Call, database: Database, files: Files) -> str:
    """Keep a document of a member, of at most 5 MB."""
    here = standing_of(subject).community_id
    async with forms.sent(call) as given:
        async with database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
            if not await members.exists(tx, here, given.member_id):
                raise NoMemberOfDocuments
        upload = await files.upload(
            subject.tenant_id,
            forms.chunks(given.file.path),
            name=given.file.name,
            media_type=given.file.media_type,
            max_bytes=forms.MAX_FILE_BYTES,
        )
    try:
        async with database.tenant(subject.tenant_id, subject=subject) as tx:
            await _register(tx, files, upload, here, given.member_id)
    except NoMemberOfDocuments:
        # Removed while the bytes came in. What any other failure leaves is swept: the row may have been committed.
        await files.store.delete(upload.key)
        raise
    return DONE


@action(
    "GET", "/documents/{member_id}", scope=READ, answers={200: Document}, faults=(NoMemberOfDocuments,), lists=Pages.NUMBER,
    extra=IN_COMMUNITY, name="get_documents_member_id", tags=TAG,
)  # fmt: skip
async def documents(
    tx: Tx, subject: Subject, call: Call, page: PageRequest, query: DocumentsQuery, member_id: int
) -> PageOf:
    """The documents of a member, without a sort in the order in which they came in."""
    if not await members.exists(tx, standing_of(subject).community_id, member_id):
        raise NoMemberOfDocuments
    return await DOCUMENTS.page(tx, page, query, call, member_id=member_id)


@action(
    "GET", "/documents/{member_id}/{document_id}", scope=READ, answers={200: str}, faults=(NoDocument,), extra=IN_COMMUNITY,
    wrapped=False, answer_media="*/*", headers_out={200: ("Content-Disposition",)},
    name="get_documents_member_id_document_id", tags=TAG,
)  # fmt: skip
async def download(subject: Subject, database: Database, files: Files, member_id: int, document_id: int) -> Answer:
    """The bytes of a document, under the name and of the media type with which it came in; a browser saves them."""
    here = standing_of(subject).community_id
    async with database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
        file_id = await store.file_of(tx, here, member_id, document_id)
        if file_id is None:
            raise NoDocument
        file = await files.find(tx, file_id)
    headers = {
        "Content-Disposition": attachment(file.name),
        "Content-Security-Policy": FILE_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Answer(await files.read(file), headers=headers, media_type=file.media_type)


@action(
    "DELETE", "/documents/{document_id}", scope=WRITE, answers={200: str}, faults=(NoDocument,), extra=IN_COMMUNITY,
    name="delete_documents_document_id", tags=TAG,
)  # fmt: skip
async def forget(tx: Tx, subject: Subject, files: Files, document_id: int) -> str:
    """Delete a document and its bytes."""
    file_id = await store.held(tx, standing_of(subject).community_id, document_id)
    if file_id is None:
        raise NoDocument
    await store.remove(tx, document_id)
    await files.remove(tx, file_id)
    return DONE


async def _register(tx: Tx, files: Files, upload: Upload, community_id: int, member_id: int) -> None:
    if not await members.hold(tx, community_id, member_id):
        raise NoMemberOfDocuments
    file = await files.register(tx, upload)
    document_id = await store.add(tx, member_id, file.id)
    trail.record(tx, "post_documents", ("document_id", document_id))
