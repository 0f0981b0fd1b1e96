/** Conversations between customers and staff, and who may listen to them. */
export * as conversationEvents from './events.ts';
export { findCustomerOf } from './find-customer-of.ts';
export { getConversation } from './get-conversation.ts';
export * as conversationJobs from './jobs.ts';
export { listConversations } from './list-conversations.ts';
export { listMessages } from './list-messages.ts';
export { mayFollowConversation } from './may-follow-conversation.ts';
export { openConversation } from './open-conversation.ts';
export { sendMessage } from './send-message.ts';
export { conversations, messages } from './tables.ts';
export { unassignFormer } from './unassign-former.ts';
export { updateConversation } from './update-conversation.ts';
export { conversationView, messageView } from './view.ts';
export { wakeSnoozed } from './wake-snoozed.ts';
