import {
  ConflictError,
  DomainNotFoundError,
  DomainValidationError,
  PayloadTooLargeError,
  ServiceError,
  TooManyRequestsError,
} from '@insightdesk/shared/errors';

const invalid = (message: string, code: string) => new DomainValidationError(message, { code });

/** Everything that can be wrong with attachments. */
export const AttachmentErrors = {
  NotFound: () => new DomainNotFoundError('There is no such attachment'),
  Empty: () => invalid('The file is empty', 'FILE_EMPTY'),
  TooLarge: (maxBytes: number) =>
    new PayloadTooLargeError(`A file may have ${maxBytes} bytes at most`),
  ImageTooLarge: (maxBytes: number) =>
    invalid(`An image may have ${maxBytes} bytes at most`, 'IMAGE_TOO_LARGE'),
  Mismatch: (declared: string) =>
    invalid(`The file is not what its name says (${declared})`, 'CONTENT_TYPE_MISMATCH'),
  TypeRefused: (contentType: string) =>
    invalid(`The organisation takes no files of this type (${contentType})`, 'FILE_TYPE_REFUSED'),
  ChecksumMismatch: () => invalid('The bytes are not those of the checksum', 'CHECKSUM_MISMATCH'),
  SizeMismatch: (announced: number) =>
    invalid(`The file has not the announced ${announced} bytes`, 'SIZE_MISMATCH'),
  Missing: () => invalid('The bytes of the file are not there', 'FILE_MISSING'),
  Infected: () => invalid('The file is harmful', 'FILE_INFECTED'),
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
  InUse: () => new ConflictError('The file is part of a message', { code: 'ATTACHMENT_IN_USE' }),
  NotUploaded: () =>
    new ConflictError('Nothing was stored at the address of the upload', { code: 'NOT_UPLOADED' }),
  TakenOver: () =>
    new ConflictError('Another request goes on with this upload', { code: 'UPLOAD_TAKEN_OVER' }),
  WrongOffset: () =>
    new ConflictError('The upload does not go on from there', { code: 'UPLOAD_OFFSET_CONFLICT' }),
  TooManyParts: () => invalid('The upload has too many small parts', 'TOO_MANY_PARTS'),
  TooManyUploads: () =>
    new TooManyRequestsError('Too many uploads are under way', { code: 'TOO_MANY_UPLOADS' }),
  Expired: () =>
    new ServiceError('The upload was given up', { code: 'UPLOAD_EXPIRED', status: 410 }),
  NotAnImage: () =>
    new DomainValidationError('Pictures are made of pictures only', { code: 'NOT_A_PICTURE' }),
  VariantAndImage: () =>
    new DomainValidationError(undefined, {
      errors: [{ path: 'image', message: 'A variant or an image, not both' }],
    }),
};
