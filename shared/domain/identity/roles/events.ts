import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** What is remembered of who of the staff may read what. */
export const STAFF_TAG = 'staff';

const role = z.object({ roleId: idSchema('rol'), name: z.string() });

export const roleCreated = defineEvent('role.created', role, { staff: 'payload' });

/** Told to everyone's replica: who holds the role is looked at anew. */
export const roleUpdated = defineEvent('role.updated', role, {
  staff: 'payload',
  forgets: [STAFF_TAG],
});

export const roleDeleted = defineEvent('role.removed', role, { staff: 'payload' });
