/** A typed dependency container: parts by name, built on first use, disposed in reverse. Used by boot only. */
export { createContainer } from './create-container.ts';
