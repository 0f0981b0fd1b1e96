/** Leaving: everything an organisation has as an archive, and its erasure without a trace. */
export { archiveOf } from './archive.ts';
export { cancelErasure } from './cancel-erasure.ts';
export { collectUnverified } from './collect-unverified.ts';
export { eraseDue } from './erase-due.ts';
export { eraseOrganization } from './erase-organization.ts';
export * as departureEvents from './events.ts';
export { getExport } from './get-export.ts';
export * as departureJobs from './jobs.ts';
export { type OpenedExport, openExport } from './open-export.ts';
export { removeArchive } from './remove-archive.ts';
export { requestErasure } from './request-erasure.ts';
export { requestExport } from './request-export.ts';
export { erasurePeople, erasures, exportsOfAll } from './tables.ts';
export { writeArchive } from './write-archive.ts';
