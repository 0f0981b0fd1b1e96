/** All rows of a query that is read in pages of `size`; each page starts after the last row before it. */
export async function* readPages<R>(
  size: number,
  readPage: (last: R | undefined) => Promise<readonly R[]>,
): AsyncGenerator<R, void> {
  for (let last: R | undefined; ; ) {
    const rows = await readPage(last);
    yield* rows;
    last = rows.at(-1);
    if (rows.length < size) return;
  }
}
