/** Divides the owner of a job from what tells its jobs apart; see fair-script.ts. */
const DIVIDER = '~';

interface JobKey {
  tenantId: string;
  id: string;
}

/** How BullMQ knows a job: its owner can be read from the id, without the payload. */
export const bullId = ({ tenantId, id }: JobKey): string => `${tenantId}${DIVIDER}${id}`;

/** The owner and the id of a job that BullMQ knows under this id. */
export function parseBullId(text: string): JobKey {
  const at = text.indexOf(DIVIDER);
  return { tenantId: text.slice(0, at), id: text.slice(at + 1) };
}
