import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** The cache tag of lists of staff. */
export const STAFF_TAG = 'staff';

const role = z.object({ roleId: idSchema('rol'), name: z.string() });

export const roleCreated = defineEvent('role.created', role, { staff: 'payload' });

/** Sockets of members with this role are reauthorized. */
export const roleUpdated = defineEvent('role.updated', role, {
  staff: 'payload',
  invalidates: [STAFF_TAG],
});

export const roleDeleted = defineEvent('role.deleted', role, { staff: 'payload' });
