import { ConflictError, DomainValidationError } from '@insightdesk/shared/errors';

/** Everything that can be wrong with what an outside system tells. */
export const InboundErrors = {
  IdReused: () =>
    new ConflictError('This id stands for another event', { code: 'EVENT_ID_REUSED' }),
  UnknownName: (name: string, near: string | undefined) =>
    new DomainValidationError(undefined, {
      errors: [
        {
          path: 'name',
          message: `No event is named ${name}${near ? `, did you mean ${near}?` : ''}`,
        },
      ],
    }),
};
