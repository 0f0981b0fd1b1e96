import { createContainer } from '@insightdesk/shared/di';

/** What was noted while one order was carried out. */
export interface Receipt {
  readonly lines: string[];
}

/**
 * Parts with all three lifetimes: one catalogue for everybody, one receipt for each order, a new
 * number whenever one is asked for. Receipts are handed to `file` when their scope ends. Whoever
 * tests what is made of them gives prices of its own.
 */
export function createShop(file: (receipt: Receipt) => void, prices?: Map<string, number>) {
  let last = 0;
  const shop = createContainer()
    .register('prices', () => new Map([['coffee', 3]]))
    .register('number', () => ++last, { lifetime: 'transient' })
    .register('receipt', (): Receipt => ({ lines: [] }), { lifetime: 'scoped', dispose: file })
    .register(
      'order',
      ({ prices, receipt }) =>
        (item: string) =>
          receipt.lines.push(`${item} ${prices.get(item) ?? 0}`),
      { lifetime: 'scoped' },
    );
  if (prices) shop.rebind('prices', () => prices);

  return async function serve(items: readonly string[]): Promise<number> {
    const scope = shop.createScope();
    for (const item of items) scope.resolve('order')(item);
    const number = scope.resolve('number');
    await scope.dispose();
    return number;
  };
}
