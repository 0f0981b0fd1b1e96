import { z } from 'zod';

/** Text that PostgreSQL can hold: no NUL, no lone surrogate, not blank; length in UTF-16 units. */
export const text = (max: number, min = 1) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0'), 'Must not contain NUL')
    .transform((value) => value.toWellFormed())
    .refine((value) => value.trim().length >= min, 'Must not be blank');

/** Text on one line, as names and subjects are: it may become a mail header. */
export const line = (max: number) =>
  text(max).refine((value) => !/[\r\n\u2028\u2029]/.test(value), 'Must be on one line');

/** An e-mail address in lower case. */
export const email = () =>
  z
    .email()
    .max(254)
    .transform((value) => value.toLowerCase());
