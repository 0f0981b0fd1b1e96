import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const told = { staff: 'payload', webhooks: true } as const;

export const organizationDisabled = defineEvent('organization.disabled', z.object({}), told);

export const organizationUpdated = defineEvent(
  'organization.updated',
  z.object({ requireTwoFactor: z.boolean() }),
  told,
);

export const organizationEnabled = defineEvent('organization.enabled', z.object({}), told);
