/** What was done, by whom and from where: append-only, a chain of hashes for each organisation. */
export { auditedOrganizations } from './audited-organizations.ts';
export { canonical, GENESIS } from './chain.ts';
export * as auditEvents from './events.ts';
export * as auditJobs from './jobs.ts';
export { listAuditEntries } from './list-audit-entries.ts';
export { listOperatorActs } from './list-operator-acts.ts';
export { noteAct, type OperatorAct } from './note-act.ts';
export { type AuditedEvent, type AuditOutlet, openAuditOutlet } from './outlet.ts';
export { pruneAudit } from './prune-audit.ts';
export { auditChains, auditEntries } from './tables.ts';
export { type NotedHead, type Verdict, verifyAudit } from './verify-audit.ts';
