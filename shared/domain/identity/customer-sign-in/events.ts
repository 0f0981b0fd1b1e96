import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';
import { identityKeyAlgorithms } from './view.ts';

export const identityKeyCreated = defineEvent(
  'identity-key.created',
  z.object({
    keyId: idSchema('idk'),
    name: z.string(),
    algorithm: z.enum(identityKeyAlgorithms),
    createdBy: idSchema('usr'),
  }),
);

export const identityKeyRevoked = defineEvent(
  'identity-key.revoked',
  z.object({ keyId: idSchema('idk') }),
);

/** Neither the code nor the address is in the event. */
export const signInCodeRequested = defineEvent(
  'sign-in-code.requested',
  z.object({ codeId: idSchema('sic') }),
  { audit: false },
);
