/** What an organisation's own systems tell us. */
export { inboundEvents, sendEvent } from './send-event.ts';
