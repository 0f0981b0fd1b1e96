import type { Connections } from '@insightdesk/shared/context';
import { createJobControl, createQueues, type JobControl } from '@insightdesk/shared/jobs';
import { withTimeout } from '@insightdesk/shared/promises';
import type { Valkey } from '@insightdesk/shared/valkey';

/** BullMQ waits for Valkey when it closes. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Opens the queues to inspect and control jobs; workers have connections of their own. */
export function openJobQueues(valkey: Valkey) {
  const queues = createQueues(valkey);
  return {
    queues,
    valkey,
    control: createJobControl(queues, valkey),
    async close() {
      await withTimeout(queues.close(), CLOSE_TIMEOUT_MS).catch(() => {});
      valkey.disconnect();
    },
  };
}

/** Opens the queues on the first call; most processes never need them. */
export const lazyJobControl = (control: () => JobControl): Connections['jobs'] => ({
  list: (...args) => control().list(...args),
  require: (...args) => control().require(...args),
  cancel: (...args) => control().cancel(...args),
  retry: (...args) => control().retry(...args),
});
