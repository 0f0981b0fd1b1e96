/** Whether a GET responds 2xx within two seconds. `ca` is the CA certificate to trust. */
export async function respondsOk(url: string, ca?: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(2000),
      ...(ca && { tls: { ca } }),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
