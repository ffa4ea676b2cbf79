/** The dashboard's process: reads the environment, starts Next and the server around it, stops both on a signal. */
import next from 'next';
import { startDashboard } from './src/server/start.ts';

const { env } = process;
const dashboard = await startDashboard(
  {
    host: env.HOST || '127.0.0.1',
    port: readPort(env.PORT),
    dataDir: env.BERTH_DATA_DIR || '/var/lib/berth',
    publicUrl: env.BERTH_PUBLIC_URL?.replace(/\/+$/, '') || null,
    trustProxy: env.BERTH_TRUST_PROXY === '1',
    administrator:
      env.BERTH_ADMIN_EMAIL && env.BERTH_ADMIN_PASSWORD
        ? { email: env.BERTH_ADMIN_EMAIL, password: env.BERTH_ADMIN_PASSWORD }
        : null,
    localEnrollFile: env.BERTH_LOCAL_ENROLL_FILE || null,
    heartbeatMs: 10_000,
  },
  async () => {
    const app = next({ dev: false, dir: import.meta.dirname });
    await app.prepare();
    return app.getRequestHandler();
  },
).catch((error: unknown) => {
  console.error(`The dashboard cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});

console.log(`Berth runs on ${dashboard.url}`);
if (dashboard.setupUrl) console.log(`Create the first administrator: ${dashboard.setupUrl}`);
else if (env.BERTH_ADMIN_EMAIL) console.log(`Sign in as ${env.BERTH_ADMIN_EMAIL}.`);

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    dashboard.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });

function readPort(text: string | undefined): number {
  const port = Number(text || 3000);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  console.error('PORT is a number up to 65535.');
  process.exit(1);
}
