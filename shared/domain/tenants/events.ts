import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

export const organizationDisabled = defineEvent('organization.disabled', z.object({}));

export const organizationEnabled = defineEvent('organization.enabled', z.object({}));
