/** Contacts: the customers of an organization, with or without a login, and their companies. */
export {
  createCompany,
  deleteCompany,
  getCompany,
  listCompanies,
  updateCompany,
} from './companies.ts';
export { createContact } from './create-contact.ts';
export { ContactErrors } from './errors.ts';
export * as contactEvents from './events.ts';
export { addMissingProperties, contactChanges, externalId } from './fields.ts';
export {
  type ContactRow,
  findContact,
  findContactByAddress,
  findContactByExternalId,
  requireActiveContact,
  requireContact,
} from './find-contact.ts';
export { getContact } from './get-contact.ts';
export { listContacts } from './list-contacts.ts';
export {
  type ContactReference,
  contactReference,
  lockIdentity,
  nameOf,
  resolveContact,
} from './resolve-contact.ts';
export { companies, contactAddresses, contactMerges, contacts } from './tables.ts';
export { updateContact } from './update-contact.ts';
export { adopt, upsertContact } from './upsert-contact.ts';
export { contactView, toContact } from './view.ts';
export {
  addAddress,
  changeContact,
  contactById,
  createContactRow,
  recordContactUpdated,
} from './write-contact.ts';
