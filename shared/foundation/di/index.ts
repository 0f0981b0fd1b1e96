/** A typed container: parts by name, built on first use, disposed in reverse. Held by boot only. */
export { type Container, createContainer, type Lifetime } from './container.ts';
