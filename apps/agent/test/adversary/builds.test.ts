/** Row D18 and its neighbours: builds. Contexts, Dockerfiles and bases are made by hand, and nothing of the host is read. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Entry } from '../../src/engine/files/tar-entries.ts';
import { archive, fileEntry, leftovers, post } from '../api/builds.ts';
import { Door } from './door.ts';

const door = new Door();
const secret = path.join(door.canary, 'secret');

/** All that the answer says, of a build that left nothing. */
async function outcome(
  dockerfile: string,
  entries: readonly Entry[] = [],
  query: Record<string, string> = {},
): Promise<string> {
  const { status, text } = await post(door, { t: 'hostile', ...query }, archive({ Dockerfile: dockerfile }, entries));
  assert.ok(status < 500 || status === 501, text);
  assert.deepEqual(leftovers(door), []);
  assert.doesNotMatch(text, /host secret|agent secret/);
  return text;
}

const said = (script: string) => door.ok('run', '--rm', '--entrypoint', 'sh', 'hostile', '-c', script);
const link = (name: string, linkName: string) => fileEntry({ name, type: '2', linkName });
const base = 'FROM busybox\n';

door.case('D18', 'a context names and links its way out, and stays where it is', async () => {
  const up = '../'.repeat(20);
  const text = await outcome(`${base}COPY . /c\nRUN find /c | sort\n`, [
    fileEntry({ name: `${up}${door.canary.slice(1)}/new` }),
    fileEntry({ name: `${door.canary}/absolute` }),
    link('out', door.canary),
    fileEntry({ name: 'out/through' }),
    link('up', `${up}${door.canary.slice(1)}`),
    fileEntry({ name: 'up/through' }),
    fileEntry({ name: 'hard', type: '1', linkName: `${up}${secret.slice(1)}` }),
  ]);
  // The hard link leads to a file that is not there.
  assert.match(text, /cannot be extracted|hard link/);
});

door.case('D18', 'links of a context are followed inside of it, or not at all', async () => {
  for (const name of ['absolute', 'up', 'tree/secret', 'tree']) {
    const text = await outcome(`${base}COPY ${name} /x\n`, [
      link('absolute', secret),
      link('up', `${'../'.repeat(20)}${secret.slice(1)}`),
      link('tree', door.canary),
    ]);
    assert.match(text, /COPY failed: .*file does not exist/, name);
  }
  await outcome(`${base}COPY . /x\n`, [link('absolute', secret), link('round', 'round')]);
  assert.equal(
    said('readlink /x/absolute; cat /x/absolute 2>&1; true'),
    `${secret}\ncat: can't open '/x/absolute': No such file or directory`,
  );
});

door.case('D18', 'the Dockerfile and the .dockerignore are files of the context', async () => {
  for (const dockerfile of ['../../etc/passwd', '/etc/passwd', secret, 'link', 'fifo', 'directory', 'x/../../x']) {
    const { status, text } = await post(
      door,
      { dockerfile },
      archive({ 'directory/x': '' }, [link('link', secret), fileEntry({ name: 'fifo', type: '6' })]),
    );
    assert.equal(status, 400, `${dockerfile}: ${text}`);
    assert.match(text, /Cannot locate|must be within/);
  }
  assert.match(await outcome(base, [link('.dockerignore', secret)]), /Successfully built/);
  assert.match(await outcome(base, [link('.dockerignore', '/dev/zero')]), /Successfully built/);
});

door.case('D18', 'links of an image lead a COPY into the image alone, from it and to it', async () => {
  door.image('evil:links', { Cmd: ['true'] }, { out: door.canary, file: secret, up: `../../../..${door.canary}` });
  for (const to of ['/out/', '/out/new', '/file', '/up/new', '/up/secret']) {
    const text = await outcome(`FROM evil:links\nCOPY Dockerfile ${to}\nWORKDIR ${to}x\nADD Dockerfile ${to}y/\n`);
    assert.match(text, /Successfully built|not a directory|non-directory/, to);
  }
  for (const from of ['/file', '/out/secret', '/up/secret', '/out/*']) {
    const text = await outcome(`${base}COPY --from=evil:links ${from} /x\n`);
    assert.match(text, /COPY failed/, from);
  }
});

door.case('D18', 'owners are looked up in the image, in files of a size', async () => {
  const sources: [make: string, why: RegExp][] = [
    [`rm /etc/passwd && ln -s ${secret} /etc/passwd`, /unable to find user root/],
    ['rm /etc/passwd && mkfifo /etc/passwd', /unable to find user root/],
    ['dd if=/dev/zero of=/etc/passwd bs=1M count=11 2>/dev/null', /unable to find user root/],
    ['echo root:x:99999999999:1::/: > /etc/passwd', /unable to find user root/],
  ];
  for (const [make, why] of sources) {
    assert.match(await outcome(`${base}RUN ${make}\nCOPY --chown=root Dockerfile /x\n`), why, make);
  }
});

door.case('D18', 'what a RUN leaves is read as a tree of names', async () => {
  const text = await outcome(
    `${base}RUN mv /etc /gone && ln -s ${door.canary} /etc; ln -s ${door.canary} /link; mkfifo /fifo; ls /etc/ 2>&1\nRUN true\nCOPY Dockerfile /link/x\n`,
  );
  assert.doesNotMatch(text, /^secret/m);
  const deep = await outcome(`${base}RUN mkdir d && cd d && for i in $(seq 600); do mkdir d && cd d || break; done\n`);
  assert.match(deep, /"error":|Successfully built/);
});

door.case('D18', 'an archive that ADD extracts stays below its destination', async () => {
  const inner = archive({ '../../../../x': 'out', '/y': 'absolute', 'l/z': 'through' }, [link('l', door.canary)]);
  const { status, text } = await post(
    door,
    { t: 'hostile' },
    archive({ Dockerfile: `${base}ADD a.tar /d/\n`, 'a.tar': inner }),
  );
  assert.equal(status, 200);
  if (/Successfully built/.test(text))
    assert.equal(said('ls /x /y 2>/dev/null; ls /d'), `l\n${door.canary.split('/')[1]}\nx\ny`);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 ** 2));
  const answer = await post(door, { t: 'hostile' }, archive({ Dockerfile: `${base}ADD a.gz /d/\n`, 'a.gz': bomb }));
  assert.match(answer.text, /Successfully built/);
  assert.equal(said('ls /d'), 'a.gz');
});

door.case('I7', 'Dockerfiles that grow when they are read', async () => {
  const billions = Array.from({ length: 40 }, (_, at) => `ARG A${at + 1}=$A${at}$A${at}$A${at}$A${at}`).join('\n');
  assert.match(await outcome(`${base}ARG A0=xxxxxxxxxx\n${billions}\n`), /larger than/);
  assert.match(await outcome(`ARG A0=xxxxxxxxxx\n${billions}\nFROM busybox\n`), /larger than/);
  assert.match(await outcome(`${base}LABEL a=${'${A:-'.repeat(5000)}\n`), /nested|missing/);
  assert.match(await outcome(`${base}${'RUN true\n'.repeat(5000)}`), /more than 1000 steps/);
  assert.match(await outcome(`${base.repeat(2000)}`), /more than 256 stages/);
  assert.match(await outcome(`${base}${'#'.repeat(2 * 1024 ** 2)}`), /larger than/);
  assert.match(
    await outcome(`${base}COPY ${'*a'.repeat(100)}b /x\n`, [fileEntry({ name: 'a'.repeat(255) })]),
    /no source files/,
  );
  assert.match(await outcome(`${base}EXPOSE 1-65535\n`), /Successfully built/);
});

door.case('I7', 'a context that is broken, cut, compressed by what is not supported or says too much', async () => {
  const whole = archive({ Dockerfile: base, big: Buffer.alloc(100_000) });
  for (const body of [
    whole.subarray(0, 50_000),
    gzipSync(whole).subarray(0, 100),
    Buffer.from('BZh91AY&SY'),
    Buffer.from('x'.repeat(2000)),
    Buffer.alloc(0),
  ]) {
    const { status, text } = await post(door, {}, body);
    assert.equal(status, 400, text);
  }
  const { status, text } = await post(
    door,
    {},
    archive({ Dockerfile: base }, [fileEntry({ name: 'huge', sizeBytes: 8 ** 11 - 1 })]),
  );
  assert.ok([400, 413].includes(status), text);
  assert.deepEqual(leftovers(door), []);
});

door.case('S5', 'what a base wants done is bounded, and begins no other stage', async () => {
  const triggers: [list: string[], why: RegExp][] = [
    [Array.from({ length: 5000 }, () => 'RUN true'), /more than 1000 triggers/],
    [['ONBUILD RUN true'], /isn't allowed/],
    [['FROM busybox'], /isn't allowed/],
    [['RUN true\nRUN false'], /single expression/],
    [['FOO'], /unknown instruction/],
    [[`COPY ${secret} /x`], /file not found/],
    [[''], /no instructions/],
  ];
  for (const [list, why] of triggers) {
    door.image('evil:onbuild', { Cmd: ['true'], OnBuild: list });
    assert.match(await outcome('FROM evil:onbuild\n'), why);
  }
});

door.case('S7', 'names that are JavaScript’s own are names', async () => {
  const dockerfile = `${base}ARG __proto__=a\nARG constructor\nENV toString=b\nLABEL __proto__=c hasOwnProperty=d\nRUN echo "$constructor $toString"\n`;
  const text = await outcome(dockerfile, [], {
    buildargs: '{"constructor":"given","__proto__":"x"}',
    labels: '{"__proto__":"y"}',
  });
  assert.match(text, /given b/);
  assert.match(text, /Successfully built/);
});

door.case('S1', 'a build’s containers are found by a label that no image gives', async () => {
  door.image('evil:label', { Cmd: ['sleep', '1000'], Labels: { 'org.berth.build': 'x' } });
  door.ok('run', '--detach', '--name', 'mine', 'evil:label');
  await door.end('SIGKILL');
  await door.start();
  assert.equal(door.ok('inspect', '--format', '{{.State.Running}}', 'mine'), 'true');
});

door.case('S6', 'what a program says is passed on as text', async () => {
  const text = await outcome(`${base}RUN printf '\\033]0;x\\007 "}\\r\\n{"error":"forged"}\\n \\377\\n'\n`);
  const forged = text.split('\r\n').filter((line) => line.startsWith('{"error"'));
  assert.deepEqual(forged, []);
  assert.match(text, /Successfully built/);
});
