/** Returns the address of a connection; Bun's server implements it. */
export interface Peer {
  requestIP(request: Request): { address: string } | null;
}

/** The authenticated caller of a request, by its names in logs. */
export interface Caller {
  tenantId: string;
  name: string;
}

/** Variables that the middleware sets on a request. */
export interface HttpEnv<C extends Caller = Caller> {
  Bindings: Partial<Peer>;
  Variables: {
    requestId: string;
    /** Client address; `unknown` without a connection. */
    address: string;
    caller: C | undefined;
  };
}
