import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Times are Unix milliseconds. */
export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  email: text('email').notNull().unique(),
  passwordHash: text('password_hash').notNull(),
  createdAt: integer('created_at').notNull(),
});

export const sessions = sqliteTable(
  'sessions',
  {
    tokenHash: text('token_hash').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('sessions_expires_at').on(table.expiresAt)],
);

export const hosts = sqliteTable('hosts', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  /** Ed25519, SPKI DER, base64. */
  publicKey: text('public_key').notNull().unique(),
  enrolledAt: integer('enrolled_at').notNull(),
  lastSeenAt: integer('last_seen_at'),
  facts: text('facts', { mode: 'json' }).notNull(),
  /** Every sample up to here is in the rollups. */
  statsUpToMs: integer('stats_up_to_ms').notNull().default(0),
});

export const enrolmentTokens = sqliteTable('enrolment_tokens', {
  tokenHash: text('token_hash').primaryKey(),
  name: text('name'),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  usedAt: integer('used_at'),
});

export const containers = sqliteTable(
  'containers',
  {
    hostId: text('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    name: text('name').notNull(),
    /** GET /containers/{id}/json as last fetched. */
    inspect: text('inspect', { mode: 'json' }).notNull(),
    fetchedAt: integer('fetched_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.hostId, table.id] })],
);

export const images = sqliteTable(
  'images',
  {
    hostId: text('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    repoTags: text('repo_tags', { mode: 'json' }).notNull(),
    repoDigests: text('repo_digests', { mode: 'json' }).notNull().default('[]'),
    labels: text('labels', { mode: 'json' }).notNull().default('{}'),
    sizeBytes: integer('size_bytes').notNull(),
    /** Of it, what other images of the host have too; -1 when the host does not say. */
    sharedBytes: integer('shared_bytes').notNull().default(-1),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.hostId, table.id] })],
);

export const volumes = sqliteTable(
  'volumes',
  {
    hostId: text('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    driver: text('driver').notNull(),
    mountpoint: text('mountpoint').notNull(),
    labels: text('labels', { mode: 'json' }).notNull(),
    options: text('options', { mode: 'json' }).notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.hostId, table.name] })],
);

/** What is known of a registry's account; the password or token is sealed (secrets.ts), bound to the host's name. */
export const registries = sqliteTable('registries', {
  host: text('host').primaryKey(),
  username: text('username').notNull(),
  sealedPassword: text('sealed_password').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
});

export const events = sqliteTable(
  'events',
  {
    hostId: text('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    type: text('type').notNull(),
    action: text('action').notNull(),
    actorId: text('actor_id').notNull(),
    attributes: text('attributes', { mode: 'json' }).notNull(),
    at: integer('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.hostId, table.seq] }),
    index('events_actor').on(table.hostId, table.actorId, table.seq),
    index('events_at').on(table.at),
  ],
);

/** Means over a step. `containerId` is empty for the host itself. */
export const statsRollups = sqliteTable(
  'stats_rollups',
  {
    stepSeconds: integer('step_seconds').notNull(),
    hostId: text('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    containerId: text('container_id').notNull(),
    timeMs: integer('time_ms').notNull(),
    samples: integer('samples').notNull(),
    cpuCores: real('cpu_cores'),
    cpuThrottledRatio: real('cpu_throttled_ratio'),
    load1: real('load1'),
    memoryBytes: real('memory_bytes'),
    memoryLimitBytes: real('memory_limit_bytes'),
    memoryTotalBytes: real('memory_total_bytes'),
    diskUsedBytes: real('disk_used_bytes'),
    diskTotalBytes: real('disk_total_bytes'),
    rxBytesPerSecond: real('rx_bytes_per_second'),
    txBytesPerSecond: real('tx_bytes_per_second'),
    readBytesPerSecond: real('read_bytes_per_second'),
    writeBytesPerSecond: real('write_bytes_per_second'),
    pids: real('pids'),
    pidsLimit: real('pids_limit'),
  },
  (table) => [
    primaryKey({ columns: [table.stepSeconds, table.hostId, table.containerId, table.timeMs] }),
    index('stats_rollups_time').on(table.stepSeconds, table.timeMs),
  ],
);

/** Nothing here is deleted with a host or a user: it says what happened. */
export const auditLog = sqliteTable('audit_log', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  at: integer('at').notNull(),
  userEmail: text('user_email').notNull(),
  action: text('action').notNull(),
  hostId: text('host_id'),
  targetId: text('target_id'),
  targetName: text('target_name'),
  result: text('result', { enum: ['ok', 'failed'] }).notNull(),
  message: text('message').notNull(),
});
