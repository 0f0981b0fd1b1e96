/** The audit log: append-only, one chain of hashes per organization. */

export { type AuditedEvent, type AuditSink, openAuditSink } from './audit-sink.ts';
export { canonicalJson, GENESIS } from './entry-hash.ts';
export * as auditEvents from './events.ts';
export * as auditJobs from './jobs.ts';
export { listAuditEntries } from './list-audit-entries.ts';
export { listAuditedOrganizations } from './list-audited-organizations.ts';
export { pruneAudit } from './prune-audit.ts';
export { listOperatorActs, recordOperatorAct, SYSTEM_TENANT_ID } from './record-operator-act.ts';
export { auditChains } from './tables.ts';
export { verifyAllAudits } from './verify-all-audits.ts';
export { type AuditVerification, type KnownHead, verifyAudit } from './verify-audit.ts';
