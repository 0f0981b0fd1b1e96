// The health check inside a container: asks the service itself, or the address it is given.
const own = `http://127.0.0.1:${process.env.PORT}/health/ready`;
const { ok } = await fetch(process.argv[2] ?? own);
process.exit(ok ? 0 : 1);

export {};
