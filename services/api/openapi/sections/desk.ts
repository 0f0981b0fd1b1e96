import type { Section } from './section.ts';

const hidden = '404 for one that the caller may not see.';

export const contacts: Section = {
  tag: 'Contacts',
  description:
    'Customers of a product, with or without a login: addresses, external id, properties, company. The id of a contact is that of its user.',
  operations: {
    'POST /v1/contacts': {
      text: 'Creates a contact. 409 `ADDRESS_TAKEN` or `EXTERNAL_ID_TAKEN` when another one has it; the PUT by external id creates or updates.',
      request: { name: 'Ada Byron', email: 'ada@example.com', externalId: 'customer-42' },
    },
    'GET /v1/contacts': 'Returns contacts, newest first. The filters can be combined.',
    'PUT /v1/contacts/by-external-id/{externalId}': {
      text: 'Creates the contact with this id of your product (201), or updates it (200); fields that are left out stay. Call it when a customer registers or changes. A verified address of a contact without an external id selects that contact.',
      request: {
        name: 'Ada Byron',
        email: 'ada@example.com',
        emailVerified: true,
        properties: { plan: 'pro' },
      },
    },
    'GET /v1/contacts/{id}':
      'Returns a contact with its addresses and its company. A merged one names its successor.',
    'PATCH /v1/contacts/{id}': {
      text: 'Changes a contact; fields that are left out stay. `blocked: true` ends its sessions, and it can no longer sign in or write.',
      request: { name: 'Ada Lovelace', properties: { plan: 'business' } },
    },
    'POST /v1/contacts/{id}/merge':
      'Moves conversations, addresses, properties and the external id of `sourceId` to this contact; the sessions of the source end. 409 `CONTACT_MERGED`, or `CONTACT_HAS_LOGIN` for a source with an account.',
    'GET /v1/contacts/{id}/merges':
      'Returns which contacts were merged into this one, when, why, and which member did it.',
  },
};

export const companies: Section = {
  tag: 'Companies',
  description: 'Organizations of customers; a contact belongs to at most one.',
  operations: {
    'POST /v1/companies': {
      text: 'Creates a company. 409 `EXTERNAL_ID_TAKEN` or `TOO_MANY_COMPANIES`.',
      request: { name: 'Globex' },
    },
    'GET /v1/companies': 'Returns companies, newest first. `q` searches in names.',
    'GET /v1/companies/{id}':
      'Returns one company. Its contacts are at `GET /v1/contacts?companyId=`.',
    'PATCH /v1/companies/{id}': {
      text: 'Changes a company; fields that are left out stay. 409 `EXTERNAL_ID_TAKEN`.',
      request: { name: 'Globex Corporation' },
    },
    'DELETE /v1/companies/{id}':
      'Deletes a company. 409 `COMPANY_HAS_CONTACTS` while contacts belong to it.',
  },
};

export const conversations: Section = {
  tag: 'Conversations',
  description:
    'Conversations between customers and staff, with their messages. Customers see only their own.',
  operations: {
    'POST /v1/conversations': {
      text: 'Opens a conversation with its first message. The caller is its customer, unless `contactId` or `contact` names one: an API key with `contacts:act` then writes as the contact, and staff writes to it. 409 `CONTACT_BLOCKED`; 422 `ATTACHMENT_NOT_AVAILABLE` for a file that is used or belongs to another user.',
      request: { subject: 'Where is my parcel?', body: 'It should have come on Tuesday.' },
    },
    'GET /v1/conversations':
      'Returns the conversations that the caller may see, newest first or by last activity. The filters can be combined; `q` searches in subjects.',
    'GET /v1/conversations/{id}': `Returns one conversation with its ETag. ${hidden}`,
    'PATCH /v1/conversations/{id}': {
      text: `Changes status, priority, assignee, subject, tags or snooze. Send \`If-Match\` to exclude a lost update. 422 for an assignee who is not staff; 409 \`INVALID_TRANSITION\`.`,
      request: { status: 'pending', tags: ['delivery'] },
    },
    'GET /v1/conversations/{id}/messages': `Returns messages, newest first; notes only to staff. ${hidden}`,
    'POST /v1/conversations/{id}/messages': {
      text: 'Sends a reply, or as staff a note. A repeated `clientMessageId` returns the stored message with 200. 409 `CONVERSATION_CLOSED`; 422 `ATTACHMENT_NOT_AVAILABLE`.',
      request: { body: 'It is on its way.', clientMessageId: 'a8f0c2d4-1' },
    },
    'GET /v1/conversations/{id}/messages/{messageId}': `Returns one message with its attachments. ${hidden}`,
    'PATCH /v1/conversations/{id}/messages/{messageId}': {
      text: 'Changes the text of a message of the caller; staff can read the former text. Send `If-Match` with the version to exclude a lost update. 409 `TOO_MANY_VERSIONS`, or `CONVERSATION_CLOSED` for a customer.',
      request: { body: 'It is on its way, and arrives on Friday.' },
    },
    'DELETE /v1/conversations/{id}/messages/{messageId}':
      'Deletes the text and the files of a message; it stays in its place, with `deletedAt`. Authors delete their own messages, staff with `conversations:manage` any.',
    'GET /v1/conversations/{id}/messages/{messageId}/versions':
      'Returns the former texts of a message, newest first, with who replaced them and when. For staff only.',
    'DELETE /v1/conversations/{id}/messages/{messageId}/versions':
      'Deletes the former texts of a message for good, for instance when one has a password in it. The audit log records it.',
    'POST /v1/conversations/{id}/read': {
      text: 'Marks the messages up to `messageId` as read, or all without one; never fewer than before. Other devices of the user receive `conversation.read`.',
      request: {},
    },
  },
};

export const emails: Section = {
  tag: 'Emails',
  description: 'Texts of the emails that an organization sends, and unsubscribing from them.',
  operations: {
    'GET /v1/email-templates':
      'Returns the texts of the organization, and the built-in ones that they do not replace, with the placeholders of each.',
    'PUT /v1/email-templates/{name}/{locale}': {
      text: 'Replaces a built-in text in one language. 422 for an unknown placeholder.',
      request: {
        subject: '{{organization.name}}: {{conversation.subject}}',
        body: 'Hello {{recipient.name}},\n\n{{messages}}',
      },
    },
    'DELETE /v1/email-templates/{name}/{locale}': 'Restores the built-in text.',
    'POST /v1/email-templates/{name}/preview': {
      text: 'Renders a text with sample values, as plain text and as HTML. Nothing is stored or sent.',
      request: { locale: 'en' },
    },
    'GET /v1/unsubscribe':
      'Returns which emails the link of an email is for, and whether they are still sent. Changes nothing.',
    'POST /v1/unsubscribe':
      'Stops these emails for the recipient, with one click (RFC 8058), or starts them again with `subscribe`.',
  },
};

export const files: Section = {
  tag: 'Files',
  description:
    'Uploads in one request, resumably (tus 1.0) or straight to storage; then checks, image sizes, video and audio. A message refers to files by id.',
  operations: {
    'POST /v1/attachments':
      'Uploads one file as multipart form. It is `pending` until a worker has checked it; wait for `attachment.ready`. 413 `PAYLOAD_TOO_LARGE`; 422 `FILE_TYPE_REFUSED`; 422 `QUOTA_EXCEEDED`.',
    'POST /v1/uploads':
      'Starts a resumable upload; `Location` is its URL. Send the bytes with PATCH. 413 `PAYLOAD_TOO_LARGE`.',
    'OPTIONS /v1/uploads': 'Returns the version and the extensions of tus in headers.',
    'GET /v1/uploads/{id}':
      'Returns in `Upload-Offset` how many bytes have arrived; continue there. HEAD does the same. 410 `UPLOAD_EXPIRED`.',
    'PATCH /v1/uploads/{id}':
      'Appends bytes at `Upload-Offset`. 409 `UPLOAD_OFFSET_CONFLICT`: get the offset and continue; 410 `UPLOAD_EXPIRED`.',
    'DELETE /v1/uploads/{id}':
      'Deletes an upload that no message uses, with the bytes that have arrived.',
    'POST /v1/attachments/direct': {
      text: 'Returns a signed URL; send the file there with the given method and headers, then complete it. 413 `PAYLOAD_TOO_LARGE`.',
      request: { name: 'parcel.png', contentType: 'image/png' },
    },
    'POST /v1/attachments/{id}/complete':
      'Says that the file is at the signed URL; the checks begin. 409 `NOT_UPLOADED`; 422 `SIZE_MISMATCH` or `CHECKSUM_MISMATCH`.',
    'GET /v1/attachments/{id}': `Returns status and variants of a file. ${hidden}`,
    'DELETE /v1/attachments/{id}': 'Deletes a file that no message uses. 409 `ATTACHMENT_IN_USE`.',
    'GET /v1/attachments/{id}/content':
      'Streams the file or a variant; `Range` and `If-None-Match` are supported. 409 `ATTACHMENT_PENDING` or `ATTACHMENT_REJECTED`; 416.',
    'GET /v1/file-policy': 'Returns the largest size and the types that the organization accepts.',
    'PATCH /v1/file-policy': {
      text: 'Changes the policy for later uploads; fields that are left out stay.',
      request: { allowedTypes: ['image/*', 'application/pdf'] },
    },
    'GET /v1/attachments/{id}/recording':
      'Returns how far the processing of a video or audio file is, with its duration and codecs.',
    'POST /v1/attachments/{id}/recording/cancel':
      'Stops the processing; the original file stays. 409 `RECORDING_ENDED`.',
    'POST /v1/attachments/{id}/recording/retry':
      'Processes a failed file again. 409 `RECORDING_NOT_FAILED`.',
    'POST /v1/attachments/{id}/links': {
      text: 'Returns a signed URL that opens the file without a token until it expires, for `<img>` and downloads. `image` returns another size or format.',
      request: { expiresInSeconds: 3600 },
    },
  },
};
