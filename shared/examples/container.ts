import { createContainer } from '@insightdesk/shared/di';

/** The lines of one order. */
export interface Receipt {
  readonly lines: string[];
}

/**
 * Parts with all three lifetimes: one price list (singleton), one receipt per order (scoped), a new
 * number on each resolution (transient). `file` receives a receipt when its scope is disposed. Tests
 * replace the prices.
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
