/** The registry client against registries that lie, stall, or send it elsewhere. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import type { Credentials } from '../../src/engine/images/registry/credentials.ts';
import { type RegistryLimits, registryLimits } from '../../src/engine/images/registry/limits.ts';
import { createRegistries, type Registry } from '../../src/engine/images/registry/registry.ts';
import { digestOf, HostileRegistry, ociIndex, ociManifest, sample } from './hostile.ts';

const open = { insecure: [], mirrors: [], tokenServers: [], certDirs: [] };
const limits: RegistryLimits = {
  ...registryLimits,
  connectMs: 2000,
  headersMs: 700,
  idleMs: 500,
  slowWindowMs: 1000,
  backoffMs: 5,
  attempts: 3,
};
const joe: Credentials = {
  username: 'joe',
  password: 'geheim',
  identityToken: '',
  registryToken: '',
  serverAddress: '',
};
const stoppers: (() => void)[] = [];
after(() => {
  for (const stop of stoppers) stop();
});

async function stage(
  credentials: Credentials | null = null,
  config: Partial<typeof open> & { tokenServers?: string[] } = {},
) {
  const hostile = await new HostileRegistry().start();
  const registries = createRegistries({ ...open, ...config }, limits);
  stoppers.push(
    () => hostile.stop(),
    () => registries.close(),
  );
  const registry = registries.open({ domain: hostile.host, path: 'x' }, credentials);
  return { hostile, registry, registries };
}

const never = new AbortController().signal;
const resolve = (registry: Registry) => registry.resolve('latest', never);
const blob = async (registry: Registry, digest: string, sizeBytes: number, offset = 0) => {
  const chunks: Buffer[] = [];
  for await (const chunk of await registry.blob({ digest, sizeBytes, offset, signal: never })) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const content = Buffer.alloc(3 * 1024 ** 2, 'content ');
const digest = digestOf(content);
const path = `/v2/x/blobs/${digest}`;

test('a manifest is taken with the digest of its bytes', async () => {
  const { hostile, registry } = await stage();
  const image = sample();
  hostile.serveImage('x', image);
  const found = await resolve(registry);
  assert.equal(found.descriptor.digest, digestOf(JSON.stringify(image.manifest)));
  assert.equal(found.manifest.kind, 'image');
  const { config } = image.manifest;
  assert.deepEqual(await registry.read({ ...config }, 1000, never), image.config);
  assert.deepEqual(hostile.secrets(), []);
});

test('errors are in Docker’s words', async () => {
  const { hostile, registry } = await stage();
  await assert.rejects(resolve(registry), { kind: 'not-found', message: 'manifest unknown: manifest unknown' });
  const cases: [number, string, RegExp][] = [
    [
      403,
      '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}',
      /^denied: requested access/,
    ],
    [
      401,
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
      /^unauthorized: authentication required$/,
    ],
    [401, '', /^unauthorized: authentication required$/],
    [404, '<html>', /^Get "http:\/\/127.*manifests\/latest": unexpected status 404 Not Found$/],
    [400, '{"errors":[]}', /unexpected status 400/],
    [400, `{"errors":[{"code":"X","message":"a\\u001b[2J\\r\\n${'y'.repeat(5000)}"}]}`, /^x: a \[2J y{900,1000}$/],
  ];
  for (const [status, body, message] of cases) {
    hostile.answers.set('/v2/x/manifests/latest', (_request, response) => response.writeHead(status).end(body));
    await assert.rejects(resolve(registry), { message });
  }
});

test('a registry that is busy is asked again, and taken at its word about when', async () => {
  const { hostile, registry } = await stage();
  const image = sample();
  const answer = (status: number, headers: Record<string, string>) => {
    hostile.serveImage('x', image);
    const serve = hostile.answers.get('/v2/x/manifests/latest');
    let times = 0;
    hostile.answers.set('/v2/x/manifests/latest', (request, response) => {
      if (times++ < 2)
        response
          .writeHead(status, headers)
          .end('{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}');
      else serve?.(request, response);
    });
    return () => times;
  };
  for (const status of [500, 502, 503, 504, 429]) {
    const times = answer(status, {});
    await resolve(registry);
    assert.equal(times(), 3);
  }
  answer(429, { 'Retry-After': '1' });
  const began = performance.now();
  await resolve(registry);
  assert.ok(performance.now() - began > 1900);
  const times = answer(429, { 'Retry-After': '86400' });
  await assert.rejects(resolve(registry), { message: 'toomanyrequests: You have reached your pull rate limit.' });
  assert.equal(times(), 1);
});

test('what a manifest may not be is refused before it is believed', async () => {
  const { hostile, registry } = await stage();
  const { manifest } = sample();
  const cases: [string, object | Buffer, Record<string, string>, RegExp][] = [
    [
      'another digest',
      manifest,
      { 'Content-Type': ociManifest, 'Docker-Content-Digest': digestOf('x') },
      /does not match digest/,
    ],
    ['too large', Buffer.alloc(5 * 1024 ** 2, ' '), { 'Content-Type': ociManifest }, /larger than/],
    ['both', { ...manifest, manifests: [] }, { 'Content-Type': ociManifest }, /both an index and a manifest/],
    ['confused', manifest, { 'Content-Type': ociIndex }, /calls itself/],
    ['encoded', manifest, { 'Content-Type': ociManifest, 'Content-Encoding': 'gzip' }, /content encoding/],
    [
      'schema 1',
      { schemaVersion: 1 },
      { 'Content-Type': 'application/vnd.docker.distribution.manifest.v1+json' },
      /schema 1/,
    ],
    ['html', Buffer.from('<html>'), { 'Content-Type': 'text/html' }, /not JSON/],
  ];
  for (const [what, body, headers, message] of cases) {
    hostile.serve('/v2/x/manifests/latest', body, headers);
    await assert.rejects(resolve(registry), { message }, what);
  }
  hostile.answers.set('/v2/x/manifests/latest', (_request, response) => {
    response.writeHead(200, { 'Content-Type': ociManifest });
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65536, ' ')));
    };
    response.on('drain', more);
    more();
  });
  await assert.rejects(resolve(registry), /larger than/);
});

test('a wanted digest is that of the bytes, whatever the registry says', async () => {
  const { hostile, registry } = await stage();
  const { manifest } = sample();
  const wanted = digestOf('other');
  hostile.serve(`/v2/x/manifests/${wanted}`, manifest, {
    'Content-Type': ociManifest,
    'Docker-Content-Digest': wanted,
  });
  await assert.rejects(registry.resolve(wanted, never), { kind: 'data-loss', message: /does not match digest/ });
});

test('a blob that broke off goes on where it was', async () => {
  const { hostile, registry } = await stage();
  const ranges: (string | undefined)[] = [];
  hostile.answers.set(path, (request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    response.writeHead(range === undefined ? 200 : 206, {
      'Content-Length': content.length - from,
      ...(range === undefined ? {} : { 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    });
    const part = content.subarray(from, from + 1_500_000);
    response.write(part, () => (from + part.length < content.length ? response.destroy() : response.end()));
  });
  assert.equal(digestOf(await blob(registry, digest, content.length)), digest);
  assert.ok(ranges.length >= 3 && ranges.slice(1).every((range) => range !== undefined), String(ranges));
});

test('a registry that knows no ranges sends what is here already; it is left out', async () => {
  const { hostile, registry } = await stage();
  hostile.serve(path, content);
  const rest = await blob(registry, digest, content.length, 1_000_001);
  assert.deepEqual(rest, content.subarray(1_000_001));
  assert.deepEqual(await blob(registry, digest, content.length, content.length), Buffer.alloc(0));
});

test('another range than asked for, or another size, is refused', async () => {
  const { hostile, registry } = await stage();
  const answers: [number, Record<string, string | number>, RegExp][] = [
    [206, { 'Content-Range': `bytes 0-${content.length - 1}/${content.length}` }, /another range/],
    [206, { 'Content-Range': `bytes 9-${content.length}/${content.length + 1}` }, /another range/],
    [206, { 'Content-Range': `bytes 9-${content.length - 1}/99999999` }, /its manifest says/],
    [206, {}, /another range/],
    [200, { 'Content-Length': 10 }, /has 10 bytes, its manifest says/],
    [416, {}, /unexpected status 416/],
  ];
  for (const [status, headers, message] of answers) {
    hostile.answers.set(path, (_request, response) => response.writeHead(status, headers).end('0123456789'));
    await assert.rejects(blob(registry, digest, content.length, 9), message, `${status} ${JSON.stringify(headers)}`);
  }
});

test('more bytes than said, an endless stream, and one that ends early are told', async () => {
  const { hostile, registry } = await stage();
  let sent = 0;
  hostile.answers.set(path, (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(content)) sent += content.length;
    };
    response.on('drain', more);
    more();
  });
  await assert.rejects(blob(registry, digest, 100_000), {
    kind: 'data-loss',
    message: /is longer than the 100000 bytes/,
  });
  assert.ok(sent < 50 * 1024 ** 2, `${sent} bytes were taken`);
  hostile.answers.set(path, (_request, response) => {
    response.write('short');
    response.end();
  });
  await assert.rejects(blob(registry, digest, 100_000), /ended after 5 of 100000 bytes/);
});

test('nothing is waited for without an end', async () => {
  const { hostile, registry } = await stage();
  hostile.answers.set('/v2/x/manifests/latest', () => undefined);
  await assert.rejects(resolve(registry), { kind: 'deadline', message: /no answer in time/ });
  const stalls = new Set<Socket>();
  hostile.answers.set(path, (request, response) => {
    stalls.add(request.socket);
    response.writeHead(200, { 'Content-Length': content.length });
    response.write('a');
  });
  await assert.rejects(blob(registry, digest, content.length), { kind: 'deadline', message: /sent nothing/ });
  hostile.answers.set(path, (_request, response) => {
    const timer = setInterval(() => response.write('drip'), 100);
    response.on('close', () => clearInterval(timer));
  });
  await assert.rejects(blob(registry, digest, content.length), { kind: 'deadline', message: /sends less than/ });
  hostile.answers.set('/v2/x/manifests/latest', (_request, response) => {
    response.writeHead(
      200,
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, 'y'.repeat(100)])),
    );
    response.end();
  });
  await assert.rejects(resolve(registry), /headers of the answer are too large/);
});

test('an aborted request ends at once, in whatever it waits', async () => {
  const { hostile, registry } = await stage();
  hostile.answers.set('/v2/x/manifests/latest', () => undefined);
  const gone = new AbortController();
  const began = performance.now();
  const asked = registry.resolve('latest', gone.signal);
  setTimeout(() => gone.abort(), 50);
  await assert.rejects(asked, { kind: 'cancelled' });
  assert.ok(performance.now() - began < 400);
});

test('a redirect is followed, without credentials, and not for ever', async () => {
  const { hostile, registry } = await stage(joe);
  const elsewhere = await new HostileRegistry().start();
  stoppers.push(() => elsewhere.stop());
  hostile.challenge = 'Basic realm="x"';
  const to = (location: string) =>
    hostile.answers.set(path, (_request, response) => response.writeHead(307, { Location: location }).end());
  elsewhere.serve('/there', content);
  to(`http://${elsewhere.host}/there?signature=secret`);
  assert.equal(digestOf(await blob(registry, digest, content.length)), digest);
  assert.equal(hostile.secrets().length, 1);
  assert.deepEqual(elsewhere.secrets(), []);
  assert.equal(elsewhere.asked.length, 1);

  const cases: [string, RegExp][] = [
    [path, /stopped after 10 redirects/],
    ['file:///etc/passwd', /neither https nor http/],
    ['unix:/run/docker.sock', /neither https nor http/],
    ['ftp://x/', /neither https nor http/],
    ['http://user:word@127.0.0.1/', /user name/],
    ['http://', /cannot be followed/],
  ];
  for (const [location, message] of cases) {
    to(location);
    await assert.rejects(blob(registry, digest, content.length), { message }, location);
  }
});

test('a password goes to the registry and its token server, and to no other host', async () => {
  const fishing = await new HostileRegistry().start('127.0.0.2');
  stoppers.push(() => fishing.stop());
  const realm = `http://127.0.0.2:${fishing.port}/token`;
  const { hostile, registry, registries } = await stage(joe);
  hostile.challenge = `Bearer realm="${realm}",service="s"`;
  await assert.rejects(resolve(registry), { kind: 'forbidden', message: /the credentials were not sent/ });
  assert.equal(fishing.asked.length, 0);
  // Nobody signs in: nothing is at stake.
  fishing.serve('/token', { token: 'anonymous' });
  hostile.serveImage('x', sample());
  await resolve(registries.open({ domain: hostile.host, path: 'x' }, null));
  assert.deepEqual([fishing.secrets(), hostile.secrets()], [[], ['Bearer anonymous']]);
  assert.match(fishing.asked[0]?.url ?? '', /service=s&scope=repository%3Ax%3Apull/);
  // The administrator vouches for it.
  const named = createRegistries({ ...open, tokenServers: [`127.0.0.2:${fishing.port}`] }, limits);
  stoppers.push(() => named.close());
  await resolve(named.open({ domain: hostile.host, path: 'x' }, joe));
  assert.match(fishing.secrets()[0] ?? '', /^Basic /);
  for (const bad of ['file:///etc/passwd', 'http://u:p@127.0.0.1/', 'nonsense', 'gopher://127.0.0.1/']) {
    hostile.challenge = `Bearer realm="${bad}"`;
    await assert.rejects(
      resolve(registries.open({ domain: hostile.host, path: 'x' }, joe)),
      { kind: 'forbidden' },
      bad,
    );
  }
});

test('a token that would write a line of its own is none', async () => {
  const { hostile, registry } = await stage(joe);
  hostile.challenge = `Bearer realm="http://${hostile.host}/token"`;
  hostile.serve('/token', { token: 'a\r\nX-Evil: 1' });
  await assert.rejects(resolve(registry), /answered without a token/);
});

test('tokens are kept for their time', async () => {
  const { hostile, registry } = await stage(joe);
  hostile.challenge = `Bearer realm="http://${hostile.host}/token"`;
  hostile.serve('/token', { token: 'good', expires_in: 300 });
  hostile.serveImage('x', sample());
  await resolve(registry);
  await resolve(registry);
  assert.equal(hostile.asked.filter(({ url }) => url.startsWith('/token')).length, 1);
  hostile.serve('/token', { token: 'good', expires_in: 1 });
  const other = (await stage(joe)).registries.open({ domain: hostile.host, path: 'x' }, joe);
  await resolve(other);
  await resolve(other);
  assert.equal(hostile.asked.filter(({ url }) => url.startsWith('/token')).length, 3);
});

test('a mirror is asked first, without credentials; what it lacks comes from the origin', async () => {
  const mirror = await new HostileRegistry().start();
  stoppers.push(() => mirror.stop());
  mirror.serveImage('library/x', sample());
  mirror.challenge = null;
  const config = { ...open, mirrors: ['http://127.0.0.1:1', `http://${mirror.host}`] };
  const registries = createRegistries(config, limits);
  stoppers.push(() => registries.close());
  const registry = registries.open({ domain: 'docker.io', path: 'library/x' }, joe);
  await resolve(registry);
  assert.deepEqual(mirror.secrets(), []);
  mirror.challenge = 'Basic realm="x"';
  const asked = mirror.asked.length;
  // The origin cannot be reached from here, which is what the error tells.
  await assert.rejects(
    resolve(registries.open({ domain: 'docker.io', path: 'library/x' }, joe)),
    /registry-1\.docker\.io/,
  );
  assert.ok(mirror.asked.length > asked);
  assert.deepEqual(mirror.secrets(), []);
});

test('what is too large for one request is uploaded in pieces, elsewhere without credentials', async () => {
  const { hostile } = await stage(joe);
  const elsewhere = await new HostileRegistry().start();
  const small = createRegistries(open, { ...limits, uploadChunkBytes: 1024 ** 2 });
  stoppers.push(
    () => elsewhere.stop(),
    () => small.close(),
  );
  hostile.challenge = 'Basic realm="x"';
  const uploads = '/v2/x/blobs/uploads/';
  const there = `http://${elsewhere.host}/there?state=1`;
  hostile.answers.set(uploads, (_request, response) => response.writeHead(202, { Location: there }).end());
  const pieces: Buffer[] = [];
  let finished = '';
  elsewhere.answers.set('/there', async (request, response) => {
    const { 'content-length': length, 'content-range': range } = request.headers;
    if (Number(length) > 1024 ** 2) return void response.writeHead(413, { Connection: 'close' }).end();
    for await (const chunk of request) pieces.push(chunk);
    if (request.method === 'PUT') finished = request.url ?? '';
    else assert.match(range ?? '', /^\d+-\d+$/);
    response.writeHead(request.method === 'PUT' ? 201 : 202, { Location: there }).end();
  });
  const sent: number[] = [];
  await small.open({ domain: hostile.host, path: 'x' }, joe).upload({
    digest,
    sizeBytes: content.length,
    open: (offset) => Readable.from([content.subarray(offset)]),
    signal: never,
    onProgress: (bytes) => sent.push(bytes),
  });
  assert.equal(digestOf(Buffer.concat(pieces)), digest);
  assert.equal(finished, `/there?state=1&digest=${encodeURIComponent(digest)}`);
  assert.equal(sent.at(-1), content.length);
  assert.ok(hostile.secrets().length > 0);
  assert.deepEqual(elsewhere.secrets(), []);
});
