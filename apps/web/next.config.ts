import path from 'node:path';
import type { NextConfig } from 'next';
import createNextIntlPlugin from 'next-intl/plugin';

const config: NextConfig = {
  transpilePackages: ['@berth/shared'],
  serverExternalPackages: ['better-sqlite3', '@node-rs/argon2', 'ws'],
  turbopack: { root: path.resolve(import.meta.dirname, '../..') },
  poweredByHeader: false,
  reactStrictMode: true,
};

export default createNextIntlPlugin('./src/i18n/request.ts')(config);
