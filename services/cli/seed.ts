/** Creates the demo organization of the stack that `npm start` runs in this clone. */
export async function seedDemo(words: string[]): Promise<number> {
  if (words.length > 0) {
    console.error('Usage: desk seed');
    return 2;
  }
  // Images contain no tools.
  const { findRunFile } = await import('../../tools/stack/run-file.ts');
  const { demoLogins, seed } = await import('../../tools/stack/seed.ts');
  const run = findRunFile();
  if (!run) throw new Error('No stack of this clone is running; npm start runs one');
  const { state, organizationId } = await seed(run);
  console.log(`${organizationId} ${state}`);
  for (const { role, email, password } of demoLogins) console.log(`  ${role} ${email} ${password}`);
  return 0;
}
