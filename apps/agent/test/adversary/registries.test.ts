/** Rows G: registries that lie, stall, fish and flood. Each ends in a clear error; nothing of it is kept. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { digestOf, HostileRegistry, ociIndex, ociManifest, sample } from '../registry/hostile.ts';
import { Door } from './door.ts';

const door = new Door();
const near = new HostileRegistry();
const fishing = new HostileRegistry();
/** Not on loopback: spoken to by HTTPS only. */
const far = { host: '10.99.99.1:5443', certificate: '', registry: new HostileRegistry() };
const secret = 'geheim-canary';
const signed = {
  'x-registry-auth': Buffer.from(JSON.stringify({ username: 'joe', password: secret })).toString('base64url'),
};

before(async () => {
  door.inNamespace('ip', 'addr', 'add', '10.99.99.1/32', 'dev', 'lo');
  await near.startInside(door.name, door.directory, '127.0.0.1:5000');
  await fishing.startInside(door.name, door.directory, '127.0.0.2:5000');
  const file = (name: string) => path.join(door.directory, name);
  const subject = ['-subj', '/CN=hostile', '-addext', 'subjectAltName=IP:10.99.99.1'];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    file('key'),
    '-out',
    file('cert'),
  ];
  assert.equal(spawnSync('openssl', [...made, ...subject]).status, 0);
  far.certificate = file('cert');
  far.registry = new HostileRegistry({ cert: readFileSync(file('cert')), key: readFileSync(file('key')) });
  await far.registry.startInside(door.name, door.directory, far.host);
});
after(() => {
  for (const one of [near, fishing, far.registry]) one.stop();
});

interface Outcome {
  status: number;
  text: string;
  error: string;
}

async function pull(name: string, headers: Record<string, string> = {}): Promise<Outcome> {
  const query = new URLSearchParams({ fromImage: name, tag: 'latest' });
  const { status, text } = await door.ask('POST', `/images/create?${query}`, '', headers);
  const last = JSON.parse(text.trim().split('\n').at(-1) ?? '{}');
  return { status, text, error: last.error ?? last.message ?? '' };
}

/** What the store holds; a download that broke off may go on for a day. */
function stored(): string[] {
  return ['blobs/sha256', 'blobs/ingest', 'layers', 'tmp'].flatMap((place) =>
    readdirSync(path.join(door.directory, 'data', place)).map((name) => `${place}/${name}`),
  );
}

async function refused(name: string, words: RegExp, headers: Record<string, string> = {}): Promise<void> {
  const before = stored();
  const { error, text } = await pull(name, headers);
  assert.match(error, words, text);
  assert.deepEqual(stored(), before, `${name} left something`);
}

function peakMegabytes(): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${door.pid}/status`, 'utf8'))?.[1]) / 1024;
}
const forgetPeak = () => writeFileSync(`/proc/${door.pid}/clear_refs`, '5');

/** The image of that name, with its manifest or blobs bent. */
function bent(name: string, bend: (image: ReturnType<typeof sample>) => void): string {
  const image = sample();
  bend(image);
  near.serveImage(name, image);
  return `${near.host}/${name}`;
}

door.case('G1', 'CVE-2020-15157: no redirect and no foreign layer is given credentials', async () => {
  near.challenge = 'Basic realm="x"';
  const image = sample();
  near.serveImage('g1', image);
  const [layer] = image.manifest.layers;
  const place = `/v2/g1/blobs/${layer?.digest}`;
  fishing.serve('/there', image.layer);
  near.answers.set(place, (_request, response) =>
    response.writeHead(307, { Location: `http://${fishing.host}/there` }).end(),
  );
  assert.match((await pull(`${near.host}/g1`, signed)).text, /Downloaded newer image/);
  assert.equal(fishing.asked.length, 1);
  assert.deepEqual(fishing.secrets(), []);
  assert.ok(near.secrets().length > 0);
  const asked = fishing.asked.length;
  const foreign = bent('g1-foreign', ({ manifest }) => {
    Object.assign(manifest.layers[0] ?? {}, {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      urls: [`http://${fishing.host}/foreign`],
    });
  });
  await refused(foreign, /is foreign: its content lies outside/, signed);
  for (const [location, words] of [
    ['file:///etc/passwd', /neither https nor http/],
    ['unix:///run/docker.sock', /neither https nor http/],
    ['/v2/g1-loop/manifests/latest', /stopped after 10 redirects/],
  ] as const) {
    near.answers.set('/v2/g1-loop/manifests/latest', (_request, response) =>
      response.writeHead(302, { Location: location }).end(),
    );
    await refused(`${near.host}/g1-loop`, words, signed);
  }
  assert.equal(fishing.asked.length, asked);
  near.challenge = null;
});

door.case('G2', 'CVE-2026-12566: a token server elsewhere is not given the password', async () => {
  for (const realm of [`http://${fishing.host}/token`, 'http://169.254.169.254/latest', 'file:///etc/passwd', '//']) {
    near.challenge = `Bearer realm="${realm}",service="x"`;
    await refused(`${near.host}/g2`, /credentials were not sent|neither https nor http|no address/, signed);
  }
  assert.deepEqual(fishing.secrets(), []);
  near.challenge = null;
});

door.case('G3', 'names that are none are refused with Docker’s words', async () => {
  const cases: [string, RegExp][] = [
    ['Foo', /^invalid reference format: repository name \(library\/Foo\) must be lowercase$/],
    ['x\r\nHost: evil', /^invalid reference format/],
    [`${near.host}/x\r\nAuthorization: y`, /^invalid reference format/],
    ['user:word@127.0.0.1:5000/x', /^invalid reference format/],
    ['dоcker.io/x', /^invalid reference format/],
    ['127.0.0.1:5000/../../etc', /^invalid reference format/],
    ['a'.repeat(300), /more than 255 characters/],
    ['http://127.0.0.1:5000/x', /^invalid reference format/],
  ];
  const asked = near.asked.length;
  for (const [name, words] of cases) await refused(name, words);
  assert.equal(near.asked.length, asked);
});

door.case(
  'G4',
  'a certificate that nobody vouches for, plain HTTP and a way back to this machine are refused',
  async () => {
    far.registry.serveImage('g4', sample());
    await refused(`${far.host}/g4`, /certificate signed by unknown authority/);
    await refused('10.99.99.1:5444/g4', /connection refused/);
    assert.equal(far.registry.asked.length, 0);
    // The administrator vouches; the registry sends us elsewhere all the same.
    const certs = path.join(door.directory, 'data/certs.d', far.host);
    mkdirSync(certs, { recursive: true });
    writeFileSync(path.join(certs, 'ca.crt'), readFileSync(far.certificate));
    const to = (location: string) =>
      far.registry.answers.set('/v2/g4-away/manifests/latest', (_request, response) =>
        response.writeHead(302, { Location: location }).end(),
      );
    to('http://10.99.99.1:5000/');
    await refused(`${far.host}/g4-away`, /not configured as insecure/);
    for (const location of [
      'https://127.0.0.1:5000/',
      'https://localhost:5000/',
      'https://169.254.169.254/',
      'https://[::1]/',
    ]) {
      to(location);
      await refused(`${far.host}/g4-away`, /nearer to this machine/);
    }
    assert.match((await pull(`${far.host}/g4`)).text, /up to date|Downloaded newer/);
  },
);

door.case('G5', 'lies about sizes and digests, floods and bombs end in errors within bounds', async () => {
  forgetPeak();
  const layerOf = (image: ReturnType<typeof sample>) =>
    image.manifest.layers[0] ?? { digest: '', size: 0, mediaType: '' };
  const cases: [string, RegExp][] = [
    [bent('digest', (image) => void (layerOf(image).digest = digestOf('other'))), /should be|does not match/],
    [bent('size', (image) => void (layerOf(image).size += 1)), /its manifest says/],
    [bent('smaller', (image) => void (layerOf(image).size -= 1)), /its manifest says/],
    [bent('huge', (image) => void (layerOf(image).size = 2 ** 52)), /its manifest says/],
    [
      bent('diff', (image) => Object.assign(image, sampleWithConfig(image, { diff_ids: [digestOf('x')] }))),
      /should be|its config says/,
    ],
    [bent('count', (image) => Object.assign(image, sampleWithConfig(image, { diff_ids: [] }))), /names 0 layers/],
    [bent('garbage', (image) => Object.assign(image, { config: Buffer.from('garbage!') })), /its manifest says/],
    [bent('many', ({ manifest }) => void (manifest.layers = Array(5000).fill(manifest.layers[0]))), /layers/],
  ];
  for (const [name, words] of cases) await refused(name, words);

  const both = sample();
  near.serve('/v2/both/manifests/latest', { ...both.manifest, manifests: [] }, { 'Content-Type': ociManifest });
  await refused(`${near.host}/both`, /both an index and a manifest/);
  near.serve(
    '/v2/one/manifests/latest',
    { schemaVersion: 1, fsLayers: [] },
    {
      'Content-Type': 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    },
  );
  await refused(`${near.host}/one`, /schema 1/);
  near.serve('/v2/html/manifests/latest', '{}', { 'Content-Type': 'text/html' });
  await refused(`${near.host}/html`, /"text\/html" is not supported/);

  let content: Buffer = Buffer.from(JSON.stringify(sample().manifest));
  let type: string = ociManifest;
  for (let depth = 0; depth < 20; depth++) {
    const digest = digestOf(content);
    near.serve(`/v2/nest/manifests/${digest}`, content, { 'Content-Type': type });
    const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
    const entry = { mediaType: type, digest, size: content.length, platform };
    content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] }));
    type = ociIndex;
  }
  near.serve('/v2/nest/manifests/latest', content, { 'Content-Type': ociIndex });
  await refused(`${near.host}/nest`, /indexes inside indexes/);

  near.answers.set('/v2/flood/manifests/latest', (_request, response) => {
    response.writeHead(200, { 'Content-Type': ociManifest });
    flood(response);
  });
  await refused(`${near.host}/flood`, /larger than/);
  const endless = sample();
  near.serveImage('endless', endless);
  near.answers.set(`/v2/endless/blobs/${layerOf(endless).digest}`, (_request, response) => flood(response));
  await refused(`${near.host}/endless`, /is longer than/);
  near.answers.set('/v2/busy/manifests/latest', (_request, response) =>
    response
      .writeHead(429, { 'Retry-After': '999999' })
      .end('{"errors":[{"code":"TOOMANYREQUESTS","message":"later"}]}'),
  );
  await refused(`${near.host}/busy`, /^toomanyrequests: later$/);
  assert.ok(peakMegabytes() < 200, `${peakMegabytes()} MB`);
});

door.case('G5', 'a layer that unpacks to more than a layer may is stopped', async () => {
  forgetPeak();
  // 8 GiB of zeros, a file by its header, in two hundred kilobytes.
  const header = Buffer.alloc(512);
  header.write('zeros', 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write('77777777777\0', 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const block = zstdCompressSync(Buffer.alloc(64 * 1024 ** 2));
  const layer = Buffer.concat([zstdCompressSync(header), ...Array<Buffer>(128).fill(block)]);
  const image = sample();
  Object.assign(image, { layer });
  Object.assign(image.manifest.layers[0] ?? {}, { digest: digestOf(layer), size: layer.length });
  near.serveImage('bomb', image);
  await refused(`${near.host}/bomb`, /EFBIG/);
  assert.ok(peakMegabytes() < 200, `${peakMegabytes()} MB`);
});

door.case('G5', 'one that stalls holds up nobody else', async () => {
  near.answers.set('/v2/stall/manifests/latest', () => undefined);
  near.serveImage('lively', sample());
  const gone = AbortSignal.timeout(3000);
  const stalled = Promise.all(
    Array.from({ length: 5 }, () =>
      Promise.race([pull(`${near.host}/stall`), new Promise((resolve) => gone.addEventListener('abort', resolve))]),
    ),
  );
  const began = performance.now();
  assert.match((await pull(`${near.host}/lively`)).text, /Downloaded newer image/);
  assert.ok(performance.now() - began < 2500);
  await stalled;
  near.server.closeAllConnections();
});

door.case('G6', 'what signs in is in no message, event or record', async () => {
  near.challenge = 'Basic realm="x"';
  for (const name of ['nosuch', 'g1']) {
    const { text } = await pull(`${near.host}/${name}`, signed);
    assert.equal(text.includes(secret), false);
  }
  const broken = await pull(`${near.host}/g6`, {
    'x-registry-auth': Buffer.from(`{"password":"${secret}`).toString('base64'),
  });
  assert.deepEqual([broken.status, broken.error], [400, 'invalid X-Registry-Auth header']);
  for (const name of readdirSync(path.join(door.directory, 'data'))) {
    if (!name.startsWith('agent.db')) continue;
    const text = readFileSync(path.join(door.directory, 'data', name), 'latin1');
    assert.equal(text.includes(secret) || text.includes(Buffer.from(`joe:${secret}`).toString('base64')), false, name);
  }
  near.challenge = null;
});

door.case('G7', 'a tag that moves during a pull moves nothing of it', async () => {
  const image = sample();
  near.serveImage('g7', image);
  const first = near.answers.get('/v2/g7/manifests/latest');
  let times = 0;
  near.answers.set('/v2/g7/manifests/latest', (request, response) => {
    if (times++ === 0) first?.(request, response);
    else response.writeHead(500).end();
  });
  assert.match((await pull(`${near.host}/g7`)).text, new RegExp(`Digest: ${digestOf(JSON.stringify(image.manifest))}`));
  assert.equal(times, 1);
});

function sampleWithConfig(image: ReturnType<typeof sample>, rootfs: object): object {
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', ...rootfs } }),
  );
  Object.assign(image.manifest.config, { digest: digestOf(config), size: config.length });
  return { config };
}

function flood(response: {
  destroyed: boolean;
  write(chunk: Buffer): boolean;
  on(name: 'drain', act: () => void): unknown;
}) {
  const chunk = Buffer.alloc(65536, ' ');
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}
