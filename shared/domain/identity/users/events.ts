export * from './accounts/events.ts';
export * from './members/events.ts';
export * from './sessions/events.ts';
export * from './sign-in/events.ts';
