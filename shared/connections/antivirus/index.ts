/** Malware scans with clamd. */
export type { Antivirus, Verdict } from './antivirus.ts';
export { type AntivirusOptions, createAntivirus } from './create-antivirus.ts';
