import { defineEvent, sees } from '@insightdesk/shared/events';
import { z } from 'zod';

const news = z.object({ title: z.string(), draftedBy: z.string() });

/**
 * An event for a channel of one's own, which has a line in `services/websocket/channels.ts`:
 * `'public-news': { permission: 'channels:subscribe', allow: () => true }`.
 */
export const newsPublished = defineEvent('news.published', news, {
  staff: 'payload',
  also: {
    channel: () => 'public-news',
    sees: sees(news.pick({ title: true }), ({ title }) => ({ title })),
  },
});
