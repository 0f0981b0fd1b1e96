import { fromUuid } from '@insightdesk/shared/contract';

/** What is done outside organisations is recorded under an id that none has. */
export const NOWHERE = fromUuid('org', '00000000-0000-0000-0000-000000000000');
