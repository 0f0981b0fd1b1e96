import { ConflictError, DomainValidationError } from '@insightdesk/shared/errors';
import { didYouMean } from '@insightdesk/shared/utils';

export const EventIngestErrors = {
  IdReused: () => new ConflictError('The id belongs to another event', { code: 'EVENT_ID_REUSED' }),
  UnknownEvent: (path: string, name: string, known: readonly string[]) => {
    const near = didYouMean(name, known);
    const message = `Unknown event ${name}${near ? `, did you mean ${near}?` : ''}`;
    return new DomainValidationError(undefined, { errors: [{ path, message }] });
  },
};
