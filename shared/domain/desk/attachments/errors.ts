import {
  ConflictError,
  DomainNotFoundError,
  DomainValidationError,
  PayloadTooLargeError,
  ServiceError,
  TooManyRequestsError,
} from '@insightdesk/shared/errors';

const invalid = (message: string, code: string) => new DomainValidationError(message, { code });

export const AttachmentErrors = {
  NotFound: () => new DomainNotFoundError('Attachment not found'),
  Empty: () => invalid('The file is empty', 'FILE_EMPTY'),
  TooLarge: (maxBytes: number) =>
    new PayloadTooLargeError(`The file exceeds the limit of ${maxBytes} bytes`),
  ImageTooLarge: (maxBytes: number) =>
    invalid(`The image exceeds the limit of ${maxBytes} bytes`, 'IMAGE_TOO_LARGE'),
  Mismatch: (declared: string) =>
    invalid(`The content does not match the file name (${declared})`, 'CONTENT_TYPE_MISMATCH'),
  TypeRefused: (contentType: string) =>
    invalid(`Files of type ${contentType} are not allowed`, 'FILE_TYPE_REFUSED'),
  ChecksumMismatch: () => invalid('The checksum does not match the file', 'CHECKSUM_MISMATCH'),
  SizeMismatch: (expectedBytes: number) =>
    invalid(`The file does not have ${expectedBytes} bytes`, 'SIZE_MISMATCH'),
  Missing: () => invalid('The file is missing in storage', 'FILE_MISSING'),
  Infected: () => invalid('The file contains malware', 'FILE_INFECTED'),
  NotAvailable: () =>
    new DomainValidationError('An attachment is not available', {
      code: 'ATTACHMENT_NOT_AVAILABLE',
      errors: [{ path: 'attachmentIds', message: 'Unknown, rejected, or part of another message' }],
    }),
  Pending: () =>
    new ConflictError('The file is being checked', {
      code: 'ATTACHMENT_PENDING',
      headers: { 'Retry-After': '1' },
    }),
  Rejected: () => new ConflictError('The file was rejected', { code: 'ATTACHMENT_REJECTED' }),
  InUse: () => new ConflictError('The file is part of a message', { code: 'ATTACHMENT_IN_USE' }),
  NotUploaded: () =>
    new ConflictError('No file was uploaded to the signed URL', { code: 'NOT_UPLOADED' }),
  TakenOver: () =>
    new ConflictError('Another request has taken over this upload', { code: 'UPLOAD_TAKEN_OVER' }),
  WrongOffset: () =>
    new ConflictError('The offset does not match the upload', { code: 'UPLOAD_OFFSET_CONFLICT' }),
  TooManyParts: () => invalid('The upload has too many small parts', 'TOO_MANY_PARTS'),
  TooManyUploads: () =>
    new TooManyRequestsError('Too many uploads are in progress', { code: 'TOO_MANY_UPLOADS' }),
  Expired: () =>
    new ServiceError('The upload has expired', { code: 'UPLOAD_EXPIRED', status: 410 }),
  Ended: () => new ServiceError('The upload has ended', { code: 'UPLOAD_ENDED', status: 410 }),
  InProgress: () =>
    new ConflictError('Another request is uploading this file', {
      code: 'UPLOAD_IN_PROGRESS',
      headers: { 'Retry-After': '1' },
    }),
  NotAnImage: () =>
    new DomainValidationError('The attachment is not an image', { code: 'NOT_AN_IMAGE' }),
  VariantAndImage: () =>
    new DomainValidationError(undefined, {
      errors: [{ path: 'image', message: 'Set either variant or image, not both' }],
    }),
};
