import { defineEvent, viewOf } from '@insightdesk/shared/events';
import { z } from 'zod';

const news = z.object({ title: z.string(), draftedBy: z.string() });

/**
 * An event for a custom channel, which needs a line in `services/websocket/channels.ts`:
 * `'public-news': { permission: 'channels:subscribe', allow: () => true }`.
 */
export const newsPublished = defineEvent('news.published', news, {
  staff: 'payload',
  extraChannel: {
    channel: () => 'public-news',
    view: viewOf(news.pick({ title: true }), ({ title }) => ({ title })),
  },
});
