/** Loaded on first use: it loads slowly and takes 20 MB. */
export const loadWebauthn = (): Promise<typeof import('@simplewebauthn/server')> =>
  import('@simplewebauthn/server');
