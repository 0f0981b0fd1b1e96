/** Merging of contacts. */
export * as contactMergeEvents from './events.ts';
export * as contactMergeJobs from './jobs.ts';
export { listMerges } from './list-merges.ts';
export { mergeContact, mergeContacts } from './merge-contacts.ts';
export { mergeContactOfMember, mergeSameAddress } from './merge-same-address.ts';
export { moveRemainingConversations } from './move-conversations.ts';
