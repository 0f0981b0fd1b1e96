import type { Connections } from '@insightdesk/shared/context';
import { createJobControl, createQueues, type JobControl } from '@insightdesk/shared/jobs';
import { withTimeout } from '@insightdesk/shared/promises';
import type { Valkey } from '@insightdesk/shared/valkey';

/** Queues wait for Valkey, which may be gone. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Opens the queues for those who look at them; whoever runs jobs has connections of its own. */
export function openJobAccess(valkey: Valkey) {
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

/** Most processes never ask: their queues are opened with the first question. */
export const askLater = (control: () => JobControl): Connections['jobs'] => ({
  list: (...asked) => control().list(...asked),
  require: (...asked) => control().require(...asked),
  cancel: (...asked) => control().cancel(...asked),
  retry: (...asked) => control().retry(...asked),
});
