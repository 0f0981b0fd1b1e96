import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const audience = { staff: 'payload', webhooks: true } as const;

export const organizationDisabled = defineEvent('organization.disabled', z.object({}), audience);

export const organizationUpdated = defineEvent(
  'organization.updated',
  z.object({
    requireTwoFactor: z.boolean(),
    name: z.string().optional(),
    emailCodeSignIn: z.boolean().optional(),
    anonymousVisitors: z.boolean().optional(),
  }),
  audience,
);

export const organizationEnabled = defineEvent('organization.enabled', z.object({}), audience);
