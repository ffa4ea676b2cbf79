import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostFeatures, isolationSummary } from './host-features.ts';

const full = { userNamespaces: true, idmappedMounts: true, overlayIdmap: true, seccomp: true, nftables: true };

test('what the default container needs counts, comfort does not', () => {
  assert.equal(isolationSummary({ features: { ...full, timeNamespaces: false }, warnings: [] }).level, 'full');
  assert.deepEqual(isolationSummary({ features: { ...full, seccomp: false }, warnings: [] }), {
    level: 'reduced',
    lacking: 1,
  });
});

test('a warning of the agent reduces the summary also where no known feature is missing', () => {
  assert.equal(isolationSummary({ features: full, warnings: ['no memory controller'] }).level, 'reduced');
});

test('a feature this dashboard does not know is shown at the end as it is', () => {
  const list = hostFeatures({ warpDrive: 9, seccomp: true });
  assert.deepEqual(
    list.map((feature) => [feature.name, feature.state, feature.value]),
    [
      ['seccomp', 'yes', ''],
      ['warpDrive', 'value', '9'],
    ],
  );
});
