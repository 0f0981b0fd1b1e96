/** Usage counters and quotas of organizations. */

export { consumeUsage } from './consume-usage.ts';
export { getUsage, readUsage } from './get-usage.ts';
export { listTopUsage } from './list-top-usage.ts';
export { createMeter } from './meter.ts';
export { deletedAttachments } from './tables.ts';
