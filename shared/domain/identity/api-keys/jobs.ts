import { defineJob } from '@insightdesk/shared/jobs';
import { apiKeyRevoked } from './events.ts';

export const endOverlapJob = defineJob({
  name: 'api-keys.end-overlap',
  triggeredBy: ['api-key.rotated'],
  queue: 'maintenance',
  payload: apiKeyRevoked.payload,
});
