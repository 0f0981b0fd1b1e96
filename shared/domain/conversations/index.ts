/** Conversations between customers and staff, and who may listen to them. */
export * as conversationEvents from './events.ts';
export * as conversationJobs from './jobs.ts';
export { listMessages } from './list-messages.ts';
export { mayFollowConversation } from './may-follow-conversation.ts';
export { openConversation } from './open-conversation.ts';
export { getConversation, listConversations } from './read-conversations.ts';
export { sendMessage } from './send-message.ts';
export { conversations, messages } from './tables.ts';
export { updateConversation, wakeSnoozed } from './update-conversation.ts';
export { conversationView, messageView } from './view.ts';
