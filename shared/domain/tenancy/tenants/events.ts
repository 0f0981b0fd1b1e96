import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';
import { staffNames } from './tables.ts';

const audience = { staff: 'payload', webhooks: true } as const;

export const organizationDisabled = defineEvent('organization.disabled', z.object({}), audience);

export const organizationUpdated = defineEvent(
  'organization.updated',
  z.object({
    requireTwoFactor: z.boolean(),
    name: z.string().optional(),
    staffNames: z.enum(staffNames).optional(),
    teamName: z.string().nullable().optional(),
  }),
  audience,
);

export const organizationEnabled = defineEvent('organization.enabled', z.object({}), audience);
