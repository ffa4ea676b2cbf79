import { defineConfig } from 'drizzle-kit';

/** After a change of the schema: `npx drizzle-kit generate` in this folder writes the migration to commit. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './src/server/db/schema.ts',
  out: './src/server/db/migrations',
});
