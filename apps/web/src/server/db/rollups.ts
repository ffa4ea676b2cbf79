import { and, asc, eq, getTableColumns, gte, lt, sql } from 'drizzle-orm';
import { rollupSteps } from '../rollup-steps.ts';
import type { Db } from './client.ts';
import { statsRollups } from './schema.ts';

const { stepSeconds, hostId, containerId, timeMs, samples, ...means } = getTableColumns(statsRollups);
export type RollupMeans = { [name in keyof typeof means]?: number };

export interface RollupRow {
  hostId: string;
  /** Empty for the host itself. */
  containerId: string;
  timeMs: number;
  samples: number;
  means: RollupMeans;
}

const columnNames = Object.values(means).map((column) => sql.identifier(column.name));
const merged = Object.fromEntries(
  Object.entries(means).map(([field, column]) => {
    const name = sql.identifier(column.name);
    return [
      field,
      sql`(stats_rollups.${name} * stats_rollups.samples + excluded.${name} * excluded.samples) / (stats_rollups.samples + excluded.samples)`,
    ];
  }),
);

export function rollupStore(db: Db) {
  return {
    /**
     * One transaction: adds rows of the finest step (a row that is there is merged by its number of samples, as what
     * was kept while the link was down comes late), makes the coarser steps that they touch anew, and records how far
     * each host is stored.
     */
    add: (rows: readonly RollupRow[], afterwards: () => void): void =>
      db.transaction((tx) => {
        for (const { hostId, containerId, timeMs, samples, means } of rows)
          tx.insert(statsRollups)
            .values({ stepSeconds: rollupSteps[0].stepSeconds, hostId, containerId, timeMs, samples, ...means })
            .onConflictDoUpdate({
              target: [statsRollups.stepSeconds, statsRollups.hostId, statsRollups.containerId, statsRollups.timeMs],
              set: { ...merged, samples: sql`stats_rollups.samples + excluded.samples` },
            })
            .run();
        if (rows.length > 0) {
          const times = rows.map(({ timeMs }) => timeMs);
          cascade(
            tx,
            times.reduce((a, b) => Math.min(a, b)),
            times.reduce((a, b) => Math.max(a, b)),
          );
        }
        afterwards();
      }),

    history: (query: { hostId: string; containerId: string; stepSeconds: number; fromMs: number; toMs: number }) =>
      db
        .select()
        .from(statsRollups)
        .where(
          and(
            eq(statsRollups.stepSeconds, query.stepSeconds),
            eq(statsRollups.hostId, query.hostId),
            eq(statsRollups.containerId, query.containerId),
            gte(statsRollups.timeMs, query.fromMs),
            lt(statsRollups.timeMs, query.toMs),
          ),
        )
        .orderBy(asc(statsRollups.timeMs))
        .all(),

    prune: (now: number): void => {
      for (const { stepSeconds, keepMs } of rollupSteps)
        db.delete(statsRollups)
          .where(and(eq(statsRollups.stepSeconds, stepSeconds), lt(statsRollups.timeMs, now - keepMs)))
          .run();
    },
  };
}

function cascade(db: Pick<Db, 'run'>, fromMs: number, toMs: number): void {
  const names = sql.join(columnNames, sql`, `);
  const weighted = sql.join(
    columnNames.map((name) => sql`sum(${name} * samples) / sum(samples)`),
    sql`, `,
  );
  for (let index = 1; index < rollupSteps.length; index++) {
    const finer = rollupSteps[index - 1]?.stepSeconds;
    const stepMs = (rollupSteps[index]?.stepSeconds ?? 0) * 1000;
    // A bound number would be a REAL, and the division no longer one of integers.
    const step = sql.raw(String(stepMs));
    const from = Math.floor(fromMs / stepMs) * stepMs;
    const to = Math.floor(toMs / stepMs) * stepMs + stepMs;
    db.run(sql`
      INSERT OR REPLACE INTO stats_rollups (step_seconds, host_id, container_id, time_ms, samples, ${names})
      SELECT ${stepMs / 1000}, host_id, container_id, time_ms / ${step} * ${step}, sum(samples), ${weighted}
      FROM stats_rollups WHERE step_seconds = ${finer} AND time_ms >= ${from} AND time_ms < ${to}
      GROUP BY host_id, container_id, time_ms / ${step}`);
  }
}
