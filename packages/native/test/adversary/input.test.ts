/** Rows S, what the runtime itself reads: config.json as control input. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Kit } from './kit.ts';

const kit = new Kit();

kit.case('S2', 'a variable without a value takes that of the host (CVE-2026-57231)', () => {
  for (const name of ['HOME', '*', '', '=x', 'A\n']) {
    const { id, bundle } = kit.make((config) => config.process.env.push(name));
    const answer = kit.callWith({ env: { HOME: 'of-the-host' } }, 'run', '--bundle', bundle, id);
    assert.equal(answer.status, 1, JSON.stringify(name));
    assert.match(answer.err, /NAME=value/, JSON.stringify(name));
  }
  const { id, bundle } = kit.make((config) => Object.assign(config.process, { args: ['busybox', 'env'] }));
  const answer = kit.callWith({ env: { SECRET: 'of-the-host' } }, 'run', '--bundle', bundle, id);
  assert.doesNotMatch(answer.out, /SECRET/);
});

kit.case('S7', 'config.json that is deep, wide, cut or no text', () => {
  const { id, bundle } = kit.make();
  const file = path.join(bundle, 'config.json');
  const good = readFileSync(file, 'utf8');
  const bent: [string, string | Buffer][] = [
    ['deep', good.replace('{', `{"x": ${'['.repeat(100_000)}${']'.repeat(100_000)},`)],
    ['cut', good.slice(0, -20)],
    ['a number too large', good.replace(/"uid":\s*0/, '"uid": 9007199254740993')],
    ['a fraction', good.replace(/"uid":\s*0/, '"uid": 0.5')],
    ['empty', ''],
    ['a list', '[]'],
    ['more behind', `${good}{}`],
    ['no text', Buffer.concat([Buffer.from([0xff, 0xfe, 0]), Buffer.from(good)])],
  ];
  for (const [what, text] of bent) {
    writeFileSync(file, text);
    const answer = kit.call('create', '--bundle', bundle, id);
    assert.equal(answer.status, 1, what);
    assert.match(answer.err, /^berth-runtime: /, what);
  }
});
