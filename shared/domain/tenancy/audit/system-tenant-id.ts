import { fromUuid } from '@insightdesk/shared/contract';

/** The tenant id of events outside all organizations; no organization has it. */
export const SYSTEM_TENANT_ID = fromUuid('org', '00000000-0000-0000-0000-000000000000');
