/** Rows X12 to X16: the file browser and backups of a volume whose container fights back. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before } from 'node:test';
import { Kit } from '../../../../packages/native/test/adversary/kit.ts';
import { slowness } from '../../../../packages/native/test/supervised.ts';
import { TestAgent } from '../api/agent.ts';
import { request } from '../api/http.ts';

const agent = new TestAgent();
const kit = new Kit();
const tools = path.join(agent.directory, 'tools');
const place = path.join(agent.directory, 'data/volumes/hostile/_data');
const answerMsMax = 20_000 * slowness;

after(() => agent.remove());

before(async () => {
  mkdirSync(tools);
  chmodSync(agent.directory, 0o711);
  copyFileSync(kit.program('racer'), path.join(tools, 'racer'));
  await agent.start();
});

function ok(...args: string[]): string {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
}

const at = (base: string, verb: string, file: string, more = '') =>
  `/berth/${base}/${verb}?path=${encodeURIComponent(file)}${more}`;

/** An answer that comes, whatever it is. */
async function ask(method: string, target: string, body: string | Buffer = '', headers: http.OutgoingHttpHeaders = {}) {
  const began = Date.now();
  const answer = await request(agent.socket, method, target, { body, headers }).catch(() => null);
  assert.ok(Date.now() - began < answerMsMax, `${method} ${target} took ${Date.now() - began} ms`);
  assert.doesNotMatch(answer?.body.toString('latin1') ?? '', /host secret/, `${method} ${target}`);
  return answer;
}

/** Runs `script` in a container that has the volume at /v, until `attack` is over; then both go. */
async function hostile(script: string, attack: (id: string) => Promise<void>): Promise<void> {
  const mounts = ['-v', 'hostile:/v', '-v', `${tools}:/tools:ro`];
  const id = ok('run', '-d', ...mounts, 'busybox', 'sh', '-c', script);
  try {
    await attack(id);
  } finally {
    ok('rm', '-f', id);
    ok('volume', 'rm', 'hostile');
  }
}

async function forAWhile(work: (tries: number) => Promise<void>): Promise<number> {
  let tries = 0;
  for (const end = Date.now() + 8000 * slowness; tries < 80 && Date.now() < end; tries++) await work(tries);
  return tries;
}

kit.case(
  'X12',
  'a directory is exchanged for a link to the host while it is listed, read, written, removed',
  async (t) => {
    const script = `mkdir /v/a; echo mine > /v/a/secret; ln -s ${kit.canary} /v/b; exec /tools/racer /v/a /v/b`;
    await hostile(script, async (id) => {
      const packed = spawnSync('tar', ['-C', tools, '-cf', '-', 'racer'], { maxBuffer: 1 << 26 }).stdout;
      const done = { read: 0, written: 0, listed: 0 };
      const tries = await forAWhile(async (at_) => {
        for (const [base, root] of [
          ['volumes/hostile', ''],
          [`containers/${id}`, '/v'],
        ] as const) {
          const [read, listed, written] = await Promise.all([
            ask('GET', at(base, 'file', `${root}/a/secret`)),
            ask('GET', at(base, 'files', `${root}/a`)),
            ask('PUT', at(base, 'file', `${root}/a/file-${at_}`), 'written'),
            ask('PUT', at(base, 'file', `${root}/b/secret`), 'mine'),
            ask('POST', at(base, 'directory', `${root}/a/made-${at_}`)),
            ask('DELETE', at(base, 'file', `${root}/a/null`)),
            ask('DELETE', at(base, 'file', `${root}/a/pts`, '&recursive=1')),
          ]);
          if (read?.status === 200) done.read++;
          if (listed?.status === 200) done.listed++;
          if (written?.status === 204) done.written++;
          await ask('DELETE', at(base, 'file', `${root}/b/file-${at_}`));
        }
        await ask('GET', at('volumes/hostile', 'archive', '/a'));
        await ask('PUT', at('volumes/hostile', 'archive', '/a'), packed);
      });
      t.diagnostic(`${tries} tries, ${done.read} read, ${done.listed} listed, ${done.written} written`);
      assert.ok(done.read > 0 && done.listed > 0 && done.written > 0);
    });
  },
);

kit.case(
  'X13',
  'a file is exchanged for a FIFO, which nobody opens, or for a link to the kernel’s files',
  async (t) => {
    const script = 'echo mine > /v/file; mkfifo /v/fifo; ln -s /proc/kmsg /v/kmsg; /tools/racer /v/file /v/fifo';
    await hostile(script, async (id) => {
      let read = 0;
      const tries = await forAWhile(async () => {
        const answers = await Promise.all([
          ask('GET', at('volumes/hostile', 'file', '/file')),
          ask('GET', at(`containers/${id}`, 'file', '/v/file')),
          ask('PUT', at(`containers/${id}`, 'file', '/v/fifo'), 'mine'),
          ask('GET', at('volumes/hostile', 'archive', '/file')),
        ]);
        read += answers.slice(0, 2).filter((answer) => answer?.status === 200).length;
        assert.ok([400, 403, 404].includes((await ask('GET', at(`containers/${id}`, 'file', '/v/kmsg')))?.status ?? 0));
      });
      t.diagnostic(`${tries} tries, ${read} read`);
      assert.ok(read > 0);
    });
  },
);

kit.case('X14', 'what is in /proc and /dev of a running container, all of it', async () => {
  await hostile('sleep 1000', async (id) => {
    const base = `containers/${id}`;
    for (const directory of [
      '/proc',
      '/proc/1',
      '/proc/1/root',
      '/proc/1/fd',
      '/proc/sys/kernel',
      '/sys',
      '/dev',
      '/dev/pts',
    ]) {
      const listed = await ask('GET', at(base, 'files', directory));
      const entries: { Name: string; Type: string }[] = listed?.status === 200 ? listed.json().Entries : [];
      for (const { Name, Type } of entries.slice(0, 80)) {
        const file = `${directory}/${Name}`;
        const read = await ask('GET', at(base, 'file', file));
        assert.notEqual(read?.status, 200, file);
        if (Type === 'file') assert.notEqual((await ask('PUT', at(base, 'file', file), '1'))?.status, 204, file);
        if (directory !== '/dev') assert.notEqual((await ask('DELETE', at(base, 'file', file)))?.status, 204, file);
      }
    }
    assert.equal((await ask('GET', at(base, 'file', '/proc/1/root/etc/hostname')))?.status, 400);
    assert.equal(ok('exec', id, 'cat', '/proc/1/comm'), 'sleep');
  });
});

kit.case('X15', 'names of any bytes, more of them than a listing has, and a tree deeper than a path', async () => {
  await hostile('sleep 1000', async (id) => {
    ok('exec', id, 'touch', '/v/two\nlines', '/v/-rf', '/v/ ');
    const lines = [
      'import os,sys',
      'os.chdir(sys.argv[1])',
      'os.makedirs(b"odd/\\xff\\xfe\\n")',
      'os.mkdir("wide")',
      'for n in range(10500): open("wide/%06d" % n, "w").close()',
      'os.mkdir("deep"); os.chdir("deep")',
      'for n in range(100): os.mkdir("d" * 200); os.chdir("d" * 200)',
    ];
    assert.equal(spawnSync('python3', ['-c', lines.join('\n'), place]).status, 0);
    const top = (await ask('GET', at('volumes/hostile', 'files', '/')))?.json().Entries;
    assert.deepEqual(
      top.map(({ Name }: { Name: string }) => Name),
      [' ', '-rf', 'deep', 'odd', 'two\nlines', 'wide'],
    );
    const wide = (await ask('GET', at('volumes/hostile', 'files', '/wide')))?.json();
    assert.deepEqual([wide.Entries.length, wide.Truncated], [10_000, true]);
    assert.equal((await ask('DELETE', at('volumes/hostile', 'file', '/odd', '&recursive=1')))?.status, 204);
    assert.equal((await ask('GET', '/system/df'))?.status, 200);
    await ask('GET', at('volumes/hostile', 'archive', '/deep'));
    assert.equal((await ask('DELETE', at(`containers/${id}`, 'file', '/v/deep', '&recursive=1')))?.status, 204);
    assert.equal(ok('exec', id, 'sh', '-c', 'ls -d /v/*/'), '/v/wide/');
  });
});

kit.case('X16', 'a file of terabytes without content is neither held in memory nor waited for', async () => {
  await hostile('sleep 1000', async (id) => {
    ok('exec', id, 'truncate', '-s', '4096G', '/v/huge');
    const file = at(`containers/${id}`, 'file', '/v/huge');
    const head = await ask('HEAD', file);
    assert.equal(head?.headers['content-length'], String(2 ** 42));
    const end = await ask('GET', file, '', { Range: 'bytes=-16' });
    assert.deepEqual([end?.status, end?.body.equals(Buffer.alloc(16))], [206, true]);
    const before = residentBytes();
    await Promise.all(
      [file, at('volumes/hostile', 'archive', '/huge'), '/berth/volumes/hostile/archive'].map(slowReader),
    );
    assert.ok(residentBytes() - before < 100 * 2 ** 20, `${residentBytes() - before} bytes more`);
    const df = (await ask('GET', '/system/df'))?.json();
    assert.equal(df.Volumes[0].UsageData.Size, 2 ** 42);
  });
});

/** Reads a little, waits, and goes. */
function slowReader(target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = http.request({ socketPath: agent.socket, path: target, agent: false }, (answer) => {
      answer.once('readable', () => answer.read());
      setTimeout(() => sent.destroy(), 2000);
      answer.on('close', () => resolve());
      answer.on('error', () => resolve());
    });
    sent.on('error', reject);
    sent.end();
  });
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${agent.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
