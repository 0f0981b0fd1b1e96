/** What the server tells about a request's connection; Bun's server is one. */
export interface Peer {
  requestIP(request: Request): { address: string } | null;
}

/** Who a request speaks for, by the names that logs show. */
export interface Caller {
  tenantId: string;
  name: string;
}

/** What our middleware finds out about a request, for those behind it. */
export interface HttpEnv<C extends Caller = Caller> {
  Bindings: Partial<Peer>;
  Variables: {
    requestId: string;
    /** The client's address, `unknown` when there is no connection. */
    address: string;
    caller: C | undefined;
  };
}
