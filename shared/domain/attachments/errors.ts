import {
  ConflictError,
  DomainNotFoundError,
  DomainValidationError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with attachments. */
export const AttachmentErrors = {
  NotFound: () => new DomainNotFoundError('There is no such attachment'),
  Empty: () => new DomainValidationError('The file is empty', { code: 'FILE_EMPTY' }),
  Mismatch: (declared: string) =>
    new DomainValidationError(`The file is not what its name says (${declared})`, {
      code: 'CONTENT_TYPE_MISMATCH',
    }),
  NotAvailable: () =>
    new DomainValidationError('An attachment cannot be used here', {
      code: 'ATTACHMENT_NOT_AVAILABLE',
      errors: [{ path: 'attachmentIds', message: 'Unknown, rejected, or part of another message' }],
    }),
  Pending: () =>
    new ConflictError('The file is being checked', {
      code: 'ATTACHMENT_PENDING',
      headers: { 'Retry-After': '1' },
    }),
  Rejected: () => new ConflictError('The file was rejected', { code: 'ATTACHMENT_REJECTED' }),
  NoPicture: () =>
    new DomainValidationError('Pictures are made of pictures only', { code: 'NOT_A_PICTURE' }),
  TwoWays: () =>
    new DomainValidationError(undefined, {
      errors: [{ path: 'image', message: 'A variant or an image, not both' }],
    }),
};
