/** Conversations between customers and staff. */

export { createConversation } from './create-conversation.ts';
export * as conversationEvents from './events.ts';
export {
  canReadConversation,
  findConversationCustomerId,
  getConversation,
} from './get-conversation.ts';
export { getMessage } from './get-message.ts';
export * as conversationJobs from './jobs.ts';
export { listConversations } from './list-conversations.ts';
export { listMessages } from './list-messages.ts';
export { sendMessage } from './send-message.ts';
export { conversationReads, conversations, messages } from './tables.ts';
export { unassignFormerStaff } from './unassign-former-staff.ts';
export { unsnoozeConversation } from './unsnooze-conversation.ts';
export { updateConversation } from './update-conversation.ts';
export { messageView } from './view.ts';
