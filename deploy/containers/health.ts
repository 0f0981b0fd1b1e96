// Health check of a container: requests the readiness of its service, or the given URL.
const readinessUrl = `http://127.0.0.1:${process.env.PORT}/health/ready`;
const { ok } = await fetch(process.argv[2] ?? readinessUrl);
process.exit(ok ? 0 : 1);

export {};
