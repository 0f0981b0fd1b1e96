/** Usage counters and quotas of organizations. */

export { getUsage } from './get-usage.ts';
export { listTopUsage, type UsageEntry } from './list-top-usage.ts';
export { createMeter, type FlushingMeter, type MeterOptions } from './meter.ts';
export { byteReservations, deletedAttachments, storedBytes, usageCounters } from './tables.ts';
