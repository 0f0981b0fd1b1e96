/** What organisations use: counted as it happens, and beside it what they may. */
export { busiest, type Used } from './busiest.ts';
export { getUsage } from './get-usage.ts';
export { createMeter, type FlushingMeter, type MeterOptions } from './meter.ts';
export { byteReservations, discardedAttachments, storedBytes, usageCounters } from './tables.ts';
