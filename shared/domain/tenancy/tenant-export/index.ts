/** Exports all data of a tenant as an archive. */
export { createArchive } from './create-archive.ts';
export { createExport } from './create-export.ts';
export * as tenantExportEvents from './events.ts';
export { downloadExport, getExport } from './get-export.ts';
export * as tenantExportJobs from './jobs.ts';
export { listTenantTables, type TenantTable } from './list-tenant-tables.ts';
export { deleteArchive, writeArchive } from './write-archive.ts';
