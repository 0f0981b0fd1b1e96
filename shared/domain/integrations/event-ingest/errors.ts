import { ConflictError, DomainValidationError } from '@insightdesk/shared/errors';

export const EventIngestErrors = {
  IdReused: () => new ConflictError('The id belongs to another event', { code: 'EVENT_ID_REUSED' }),
  UnknownName: (name: string, near: string | undefined) =>
    new DomainValidationError(undefined, {
      errors: [
        {
          path: 'name',
          message: `Unknown event ${name}${near ? `, did you mean ${near}?` : ''}`,
        },
      ],
    }),
};
