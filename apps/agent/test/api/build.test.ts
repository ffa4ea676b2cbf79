/** `docker build` by the unmodified CLI with its classic builder, and over the API. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { DockerRegistry, password, user } from '../registry/docker-registry.ts';
import { TestAgent } from './agent.ts';
import { archive, build, type Files, leftovers, post, writeFiles } from './builds.ts';

const agent = new TestAgent();
before(() => agent.start());
after(() => agent.remove());

function ok(...args: string[]): string {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
}

async function built(files: Files, ...options: string[]): Promise<string> {
  const { status, out, err } = await build(agent, files, ...options).done;
  assert.equal(status, 0, `${out}${err}`);
  return out;
}

/** What a program in the image says. */
const said = (image: string, script: string) => ok('run', '--rm', '--entrypoint', 'sh', image, '-c', script);
const config = (image: string) => JSON.parse(ok('inspect', image))[0].Config;
const cached = (out: string) => out.match(/Using cache/g)?.length ?? 0;
const real = { 'a.txt': 'A\n', 'sub/b.txt': 'B\n', 'sub/deep/run.sh': '#!/bin/sh\necho ran $1\n' };

const multiStage = `# syntax=docker/dockerfile:1
ARG BASE=busybox
FROM \${BASE} AS Make
ARG GREETING=hello
ENV TARGET=/out \\
    # between
    WORDS="two words"
WORKDIR $TARGET
WORKDIR sub
COPY a.txt sub/b.txt ./
RUN echo "$GREETING $WORDS" > made && ls > list && chmod 600 made && rm /bin/vi
RUN ["sh", "-c", "cat /bin/vi 2>&1 || true"]

FROM busybox
LABEL one="1" two=2
COPY --from=make --chown=nobody:nogroup $NONE/out/ /copied/
COPY --from=0 /out/sub/made /exact
RUN <<EOF
set -e
cat /exact
EOF
USER nobody
EXPOSE 80 1000-1001/udp
VOLUME /data
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --retries=2 CMD true
CMD ["first"]
ENTRYPOINT ["sh", "-c"]
CMD ["cat /exact; cat /copied/sub/a.txt; id -un"]
`;

test('a build of several stages says what Docker says, and its image does what its Dockerfile says', async () => {
  const names = ['-t', 'made', '-t', 'made:2'];
  const out = await built({ Dockerfile: multiStage, ...real }, ...names, '--build-arg', 'GREETING=hi');
  assert.match(out, /^Step 1\/22 : ARG BASE=busybox\nStep 2\/22 : FROM \$\{BASE\} AS Make\n ---> [0-9a-f]{12}\n/m);
  assert.match(
    out,
    /^Step 8\/22 : RUN .*\n ---> Running in ([0-9a-f]{12})\nRemoving intermediate container \1\n ---> /m,
  );
  assert.match(out, /can't open '\/bin\/vi'/);
  assert.match(out, /Running in [0-9a-f]{12}\nhi two words\n/);
  const end = /Successfully built ([0-9a-f]{12})\nSuccessfully tagged made:latest\nSuccessfully tagged made:2\n$/;
  assert.equal(ok('inspect', '--format', '{{.Id}}', 'made:2').slice(7, 19), end.exec(out)?.[1]);
  assert.equal(
    said('made', 'ls -A /copied/sub; stat -c %u:%a /copied/sub/made /exact'),
    'a.txt\nb.txt\nlist\nmade\n65534:600\n0:600',
  );
  assert.equal(ok('run', '--rm', '--user', '0', 'made'), 'hi two words\nA\nroot');
  const image = config('made');
  assert.deepEqual(image.Labels, { one: '1', two: '2' });
  assert.deepEqual(Object.keys(image.ExposedPorts).sort(), ['1000/udp', '1001/udp', '80/tcp']);
  assert.deepEqual([image.User, image.StopSignal, Object.keys(image.Volumes)], ['nobody', 'SIGINT', ['/data']]);
  assert.deepEqual(image.Healthcheck, { Test: ['CMD-SHELL', 'true'], Interval: 5e9, Retries: 2 });
  assert.deepEqual(image.Entrypoint, ['sh', '-c']);
  assert.deepEqual(leftovers(agent), []);
});

test('history is written as Docker writes it', async () => {
  const Dockerfile = `FROM busybox
ARG X
ENV A=b
WORKDIR /w
COPY a.txt /
RUN echo $X
CMD ["a", "b \\"c"]
HEALTHCHECK CMD x
`;
  await built({ Dockerfile, ...real }, '-t', 'history', '--build-arg', 'X=1');
  const lines = ok('history', '--no-trunc', '--format', '{{.CreatedBy}}', 'history').split('\n');
  assert.match(lines[3] ?? '', /^\/bin\/sh -c #\(nop\) COPY file:[0-9a-f]{64} in \/ $/);
  assert.deepEqual(lines.slice(0, 3), [
    `/bin/sh -c #(nop)  HEALTHCHECK &{["CMD-SHELL" "x"] "0s" "0s" "0s" "0s" '\\x00'}`,
    '/bin/sh -c #(nop)  CMD ["a" "b \\"c"]',
    '|1 X=1 /bin/sh -c echo $X',
  ]);
  assert.deepEqual(lines.slice(4, 7), [
    '/bin/sh -c #(nop) WORKDIR /w',
    '/bin/sh -c #(nop)  ENV A=b',
    '/bin/sh -c #(nop)  ARG X',
  ]);
  // Base, WORKDIR, COPY: a RUN that writes nothing is no layer.
  assert.equal(JSON.parse(ok('inspect', 'history'))[0].RootFS.Layers.length, 3);
});

test('what did not change is taken from the cache, and nothing after what did', async () => {
  const Dockerfile = 'FROM busybox\nARG V=1\nCOPY a.txt /a\nRUN date > /time; echo $V\nRUN cat /a\n';
  const one = { Dockerfile, 'a.txt': 'one' };
  assert.equal(cached(await built(one)), 0);
  assert.equal(cached(await built(one)), 4);
  assert.equal(cached(await built({ Dockerfile, 'a.txt': 'two' })), 1);
  assert.equal(cached(await built(one, '--build-arg', 'V=2')), 2);
  assert.equal(cached(await built(one, '--no-cache')), 0);
  assert.equal(cached(await built({ ...one, Dockerfile: Dockerfile.replace('/time', '/other') })), 2);
  const out = await built(one, '--build-arg', 'HTTP_PROXY=http://x', '--build-arg', 'W=1');
  assert.equal(cached(out), 4);
  assert.match(out, /\[Warning\] One or more build-args \[W\] were not consumed\nSuccessfully built/);
});

test('no image that was loaded is taken for a step from scratch', async () => {
  const Dockerfile = 'FROM scratch\nCOPY a.txt /\nLABEL x=y\n';
  await built({ Dockerfile, ...real }, '-t', 'empty');
  assert.equal(cached(await built({ Dockerfile, ...real })), 2);
  const saved = path.join(agent.directory, 'empty.tar');
  ok('save', '--output', saved, 'empty');
  ok('rmi', '--force', 'empty');
  ok('load', '--input', saved);
  assert.equal(cached(await built({ Dockerfile, ...real })), 0);
});

test('an image that was loaded is a cache where the client says so', async () => {
  const Dockerfile = 'FROM busybox\nCOPY sub /from\nRUN cat /proc/sys/kernel/random/uuid > /when\nLABEL last=1\n';
  await built({ Dockerfile, ...real }, '-t', 'source');
  const when = said('source', 'cat /when');
  const saved = path.join(agent.directory, 'source.tar');
  ok('save', '--output', saved, 'source');
  ok('rmi', '--force', 'source');
  ok('load', '--input', saved);
  assert.equal(cached(await built({ Dockerfile, ...real }, '-t', 'again', '--cache-from', 'source')), 3);
  assert.equal(said('again', 'cat /when'), when);
});

const account = 'RUN echo "me:x:5:6::/:" >> /etc/passwd; echo "me:x:9:" >> /etc/group\n';
const copies: [what: string, dockerfile: string, script: string, expected: string][] = [
  ['a file to a new name', 'COPY a.txt /new/name', 'cat /new/name', 'A'],
  ['a file into a directory to be made', 'COPY a.txt /new/', 'cat /new/a.txt', 'A'],
  ['a file into a directory that is there', 'COPY a.txt /tmp', 'cat /tmp/a.txt', 'A'],
  ['what is in a directory', 'COPY sub /x', 'cd /x; find . -type f | sort', './b.txt\n./deep/run.sh'],
  ['everything', 'COPY . /x', 'ls /x', 'Dockerfile\na.txt\nsub'],
  ['by pattern', 'COPY s*/*.txt a.* /x/', 'ls /x', 'a.txt\nb.txt'],
  ['by JSON, with blanks', 'COPY ["a.txt", "/a b/"]', 'cat "/a b/a.txt"', 'A'],
  ['below the working directory', 'WORKDIR /w\nCOPY a.txt .', 'cat /w/a.txt', 'A'],
  ['through a link', 'RUN ln -s /real /link && mkdir /real\nCOPY a.txt /link/', 'cat /real/a.txt', 'A'],
  ['through a link to nothing', 'RUN ln -s ../../gone /link\nCOPY a.txt /link/', 'cat /gone/a.txt', 'A'],
  ['over a file below', 'RUN echo x > /f; chmod 777 /f\nCOPY a.txt /f', 'cat /f; stat -c %a /f', 'A\n644'],
  ['with a mode', 'COPY --chmod=751 sub/deep /x', 'stat -c %a /x/run.sh', '751'],
  ['with an owner by number', 'COPY --chown=7:8 a.txt /o/', 'stat -c %u:%g /o /o/a.txt', '7:8\n7:8'],
  ['with an owner by name', `${account}COPY --chown=me a.txt /o`, 'stat -c %u:%g /o', '5:9'],
  ['here-documents', 'ENV V=1\nCOPY <<a <<"b" /h/\n$V "q"\na\n$V\nb', 'cat /h/a /h/b', '1 "q"\n$V'],
  ['with variables', 'ARG D=/x\nENV F=a.txt\nCOPY $F ${D}/${NONE:-y}', 'cat /x/y', 'A'],
];
for (const [what, dockerfile, script, expected] of copies) {
  test(`COPY: ${what}`, async () => {
    await built({ Dockerfile: `FROM busybox\n${dockerfile}\n`, ...real }, '-t', 'copied');
    assert.equal(said('copied', script), expected);
  });
}

test('ADD extracts local archives, whatever they are called, and copies the rest', async () => {
  const place = writeFiles(mkdtempSync(path.join(agent.directory, 'tar-')), { 'in/f': 'from tar\n' });
  const tar = path.join(place, 'x.tar');
  assert.equal(spawnSync('tar', ['-C', place, '--owner=7', '--group=8', '-cf', tar, 'in']).status, 0);
  const plain = readFileSync(tar);
  const files = { 'x.tar': plain, 'x.gz': gzipSync(plain), 'no.gz': gzipSync('text'), empty: '', ...real };
  const Dockerfile = 'FROM busybox\nADD x.tar /plain\nADD x.gz /gz/\nADD no.gz a.txt empty /rest/\nCOPY x.tar /\n';
  await built({ Dockerfile, ...files }, '-t', 'added');
  assert.equal(
    said('added', 'cat /plain/in/f; stat -c %u:%g /gz/in/f; ls /rest; ls /x.tar'),
    'from tar\n7:8\na.txt\nempty\nno.gz\n/x.tar',
  );
});

test('ONBUILD is done in children', async () => {
  const parent = 'FROM busybox\nONBUILD COPY a.txt /trigger\nONBUILD RUN cat /trigger\n';
  await built({ Dockerfile: parent, ...real }, '-t', 'parent');
  assert.deepEqual(config('parent').OnBuild, ['COPY a.txt /trigger', 'RUN cat /trigger']);
  const out = await built({ Dockerfile: 'FROM parent\nRUN echo own\n', ...real }, '-t', 'child');
  assert.match(out, /Step 1\/2 : FROM parent\n# Executing 2 build triggers\n ---> Running in [0-9a-f]+\nA\n/);
  assert.equal(config('child').OnBuild, undefined);
});

test('a Dockerfile elsewhere, a .dockerignore, labels, a target, quietly', async () => {
  const files = {
    'docker/Other': 'FROM busybox AS one\nCOPY . /all\nFROM scratch AS two\nCOPY none /\n',
    '.dockerignore': '.dockerignore\ndocker\n*.md\n!keep.md\n',
    'x.md': '',
    'keep.md': '',
    ...real,
  };
  const context = writeFiles(mkdtempSync(path.join(agent.directory, 'other-')), files);
  const asked = ['-f', path.join(context, 'docker/Other'), '--label', 'l=$x', '--target', 'one', '-t', 'other', '-q'];
  const answer = spawnSync('docker', ['-H', `unix://${agent.socket}`, 'build', ...asked, context], {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
  });
  assert.match(answer.stdout, /^sha256:[0-9a-f]{64}\n$/, answer.stderr);
  // What the Dockerfile was in is there, as the CLI sends it; the Dockerfile itself is not.
  assert.equal(said('other', 'cd /all; find . -type f | sort'), './a.txt\n./keep.md\n./sub/b.txt\n./sub/deep/run.sh');
  assert.deepEqual(config('other').Labels, { l: '$x' });
});

test('a Dockerfile from stdin', () => {
  const piped = spawnSync('docker', ['-H', `unix://${agent.socket}`, 'build', '-t', 'piped', '-'], {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
    input: 'FROM busybox\nRUN echo piped > /p\n',
  });
  assert.equal(piped.status, 0, piped.stderr);
  assert.equal(said('piped', 'cat /p'), 'piped');
});

test('a RUN has the limits, the network, the hosts and the proxies of the request', async () => {
  const looks = [
    'ls /sys/class/net',
    'cat /etc/hosts',
    'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null',
    'df -k /dev/shm',
    'ulimit -n',
    'echo p=$http_proxy',
  ];
  const out = await built(
    { Dockerfile: `FROM busybox\nRUN ${looks.join('; ')}\n` },
    ...['--network', 'none', '--add-host', 'there:1.2.3.4', '--build-arg', 'http_proxy=http://p'],
    ...['--memory', '64m', '--shm-size', '8m', '--ulimit', 'nofile=99:99'],
  );
  assert.match(out, /^lo$/m);
  assert.doesNotMatch(out, /^eth0$/m);
  assert.match(out, /^1\.2\.3\.4\s+there$/m);
  assert.match(out, /^67108864$/m);
  assert.match(out, /\b8192\b.*\/dev\/shm/);
  assert.match(out, /^99$/m);
  assert.match(out, /^p=http:\/\/p$/m);
});

test('a RUN that fails ends the build with its code', async () => {
  const Dockerfile = 'FROM busybox\nRUN echo before; exit 7\nRUN echo never\n';
  const { status, out, err } = await build(agent, { Dockerfile }).done;
  assert.equal(status, 7);
  assert.match(err, /The command '\/bin\/sh -c echo before; exit 7' returned a non-zero code: 7/);
  assert.match(out, /before\n/);
  assert.doesNotMatch(out, /Step 3/);
  const { messages } = await post(agent, {}, archive({ Dockerfile: 'FROM busybox\nRUN exit 9\n' }));
  const message = "The command '/bin/sh -c exit 9' returned a non-zero code: 9";
  assert.deepEqual(messages.at(-1), { errorDetail: { code: 9, message }, error: message });
  assert.deepEqual(leftovers(agent), []);
});

const base = 'FROM busybox\n';
const refused: [what: string, dockerfile: string, why: RegExp][] = [
  ['an unknown instruction', `${base}FOO bar\n`, /dockerfile parse error line 2: unknown instruction: FOO/],
  ['what BuildKit alone can', `${base}RUN --mount=type=cache,target=/x true\n`, /requires BuildKit/],
  ['a missing file', `${base}COPY none /\n`, /COPY failed: file not found in build context or excluded by \.dockerign/],
  ['a missing file of a stage', `${base}FROM busybox\nCOPY --from=0 /no /\n`, /COPY failed: stat \/no: file does not/],
  ['a pattern of nothing', `${base}COPY *.none /\n`, /COPY failed: no source files were specified/],
  [
    'a way out of the context',
    `${base}COPY ../x /\n`,
    /COPY failed: forbidden path outside the build context: \.\.\/x/,
  ],
  ['several files to one', `${base}COPY a.txt sub /x\n`, /the destination must be a directory and end with a \//],
  ['a directory over a file', `${base}COPY sub /etc/passwd\n`, /cannot copy to non-directory: \/etc\/passwd/],
  ['an owner that nobody is', `${base}COPY --chown=who a.txt /\n`, /unable to find user who/],
  ['a stage to come', `${base}COPY --from=1 /x /\nFROM busybox\n`, /invalid from flag value 1: index out of bounds/],
  ['itself', `${base}COPY --from=0 /x /\n`, /invalid from flag value 0: refers to current build stage/],
  ['an address', `${base}ADD http://127.0.0.1/x /\n`, /ADD of http:\/\/127\.0\.0\.1\/x is not supported/],
  ['an address to COPY', `${base}COPY http://127.0.0.1/x /\n`, /source can't be a URL for COPY/],
  ['another machine', 'FROM --platform=linux/s390x busybox\n', /linux\/s390x cannot be built for here/],
  ['a blank base', 'ARG B\nFROM $B\n', /base name \(\$B\) should not be blank/],
  ['nothing at all', 'FROM scratch\n', /No image was generated/],
  ['a RUN upon nothing', 'FROM scratch\nRUN true\n', /RUN needs one/],
  ['a program that is not there', `${base}RUN ["/none"]\n`, /executable file not found/],
  ['a signal that is none', `${base}STOPSIGNAL SIGFOO\n`, /signal/i],
  ['a port that is none', `${base}EXPOSE 99999\n`, /Invalid containerPort: 99999/],
];
for (const [what, Dockerfile, why] of refused) {
  test(`refused: ${what}`, async () => {
    const { status, out, err } = await build(agent, { Dockerfile, ...real }).done;
    assert.equal(status, 1, out);
    assert.match(err, why);
  });
}

const requests: [what: string, query: Record<string, string>, status: number, why: RegExp][] = [
  ['BuildKit', { version: '2' }, 501, /DOCKER_BUILDKIT=0/],
  ['a remote context', { remote: 'https://example.com/x.git' }, 501, /build context at/],
  ['squash', { squash: '1' }, 501, /squash/],
  ['outputs', { outputs: '[{"Type":"local"}]' }, 501, /outputs/],
  ['a name that is none', { t: 'UPPER:case:x' }, 400, /invalid reference format/],
  ['arguments that are no JSON', { buildargs: '{' }, 400, /error reading buildargs/],
  ['a number that is none', { memory: 'much' }, 400, /memory must be a number/],
  ['another platform', { platform: 'linux/s390x' }, 400, /cannot be built for here/],
  ['no Dockerfile', { dockerfile: 'none' }, 400, /Cannot locate specified Dockerfile: none/],
];
for (const [what, query, status, why] of requests) {
  test(`refused over the API: ${what}`, async () => {
    const answer = await post(agent, query, archive({ Dockerfile: base }));
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, why);
  });
}

test('compressed contexts are read, and each stage ends with its id', async () => {
  const Dockerfile = 'FROM busybox AS a\nFROM a\nLABEL gz=1\n';
  const { messages } = await post(agent, { t: 'gz' }, gzipSync(archive({ Dockerfile })));
  const ids = messages.flatMap((message) => (message.aux === undefined ? [] : [message.aux]));
  assert.equal(ids.length, 2);
  assert.deepEqual(ids[1], { ID: ok('inspect', '--format', '{{.Id}}', 'gz') });
});

test('the CLI is told of the classic builder, and what asks for the other is told what to do', async () => {
  assert.equal((await agent.ask('GET', '/_ping')).headers['builder-version'], '1');
  for (const place of ['/session', '/grpc']) {
    const answer = await agent.ask('POST', place);
    assert.deepEqual([answer.status, /DOCKER_BUILDKIT=0/.test(answer.text)], [501, true]);
  }
  const pruned = await agent.ask('POST', '/build/prune');
  assert.deepEqual(JSON.parse(pruned.text), { CachesDeleted: [], SpaceReclaimed: 0 });
});

test('bases are pulled from their registry, with the credentials of the client', async () => {
  const registry = new DockerRegistry({ port: 5000, namespace: agent.name, auth: 'htpasswd' });
  const host = registry.host;
  try {
    await registry.start();
    const starter = path.resolve(import.meta.dirname, '../../../../.setup/starter-image.tar');
    registry.push(`docker-archive:${starter}`, 'base:1', '--dest-creds', `${user}:${password}`);
    const dockerfile = archive({ Dockerfile: `FROM ${host}/base:1\nCOPY --from=${host}/base:1 /etc/group /g\n` });
    assert.match((await post(agent, {}, dockerfile)).text, /"error":".*(unauthorized|no basic auth|denied)/);
    const credentials = JSON.stringify({ [host]: { username: user, password } });
    const headers = { 'X-Registry-Config': Buffer.from(credentials).toString('base64url') };
    const { text } = await post(agent, { t: 'pulled' }, dockerfile, { headers });
    assert.match(text, /Pulling from base.*Successfully built/s, text);
    assert.doesNotMatch(text, new RegExp(password));
    await registry.stop();
    // What is here is asked for again only where that is wished.
    assert.match((await post(agent, {}, dockerfile)).text, /Successfully built/);
    assert.match((await post(agent, { pull: '1' }, dockerfile)).text, /"error":/);
  } finally {
    await registry.stop();
  }
});

async function runs(): Promise<void> {
  for (let tries = 0; tries < 400 && ok('ps', '--quiet') === ''; tries++) await setTimeout(25);
  assert.notEqual(ok('ps', '--quiet'), '');
}

async function leavesNothing(): Promise<void> {
  for (let tries = 0; tries < 200 && leftovers(agent).length > 0; tries++) await setTimeout(50);
  assert.deepEqual(leftovers(agent), []);
}

test('a client that goes ends its build, and nothing of it is left', async () => {
  const one = build(agent, { Dockerfile: `${base}VOLUME /v\nRUN sleep 1000\n` });
  await runs();
  one.kill();
  await one.done;
  await leavesNothing();
});

test('a client that goes in the middle of its context leaves nothing', async () => {
  const gone = new AbortController();
  const body = archive({ Dockerfile: base, big: Buffer.alloc(64 * 1024 ** 2) });
  const asking = post(agent, {}, body, { signal: gone.signal });
  await setTimeout(20);
  gone.abort();
  await assert.rejects(asking);
  await leavesNothing();
});

test('an image in use by a build is not taken away from it', async () => {
  const one = build(agent, { Dockerfile: `${base}LABEL held=1\nRUN sleep 2; echo $RANDOM > /x\nRUN cat /x\n` });
  await runs();
  ok('image', 'prune', '--force');
  const { status, err } = await one.done;
  assert.equal(status, 0, err);
});
