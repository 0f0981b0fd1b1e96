/** What is in a file that would harm whoever opens it, as clamd says. */
export type { Antivirus, Verdict } from './antivirus.ts';
export { type AntivirusOptions, createAntivirus } from './create-antivirus.ts';
