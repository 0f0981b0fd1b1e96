import { defineJob } from '@insightdesk/shared/jobs';
import { keyRevoked } from './events.ts';

/** Tells the sockets that hold the secret before that its time is over. */
export const endOverlapJob = defineJob({
  name: 'api-keys.end-overlap',
  triggeredBy: ['api-key.rotated'],
  queue: 'maintenance',
  payload: keyRevoked.payload,
});
