/** Malware scans with clamd. */
export type { Antivirus } from './antivirus.ts';
export { type AntivirusOptions, createAntivirus } from './create-antivirus.ts';
