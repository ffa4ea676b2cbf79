/** What a pull tells while it goes on, and what becomes of it when clients come and go. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http, { type ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { HostileRegistry, sample } from '../registry/hostile.ts';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();
const registry = new HostileRegistry();
const megabyte = 1024 ** 2;

before(async () => {
  await agent.start();
  await registry.startInside(agent.name, agent.directory, '127.0.0.1:5000');
});
after(async () => {
  registry.stop();
  await agent.remove();
});

/** An image whose layer comes in two halves; the second when it is let go. */
function slowImage(name: string) {
  const image = sample(tarOf(randomBytes(4 * megabyte)));
  registry.serveImage(name, image);
  const { digest = '', size = 0 } = image.manifest.layers[0] ?? {};
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const ranges: (string | undefined)[] = [];
  const cut: Promise<void>[] = [];
  const half = Math.floor(size / 2);
  registry.answers.set(`/v2/${name}/blobs/${digest}`, (request, response: ServerResponse) => {
    const { range } = request.headers;
    ranges.push(range);
    cut.push(new Promise((resolve) => response.once('close', resolve)));
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const status = range === undefined ? 200 : 206;
    const told = range === undefined ? {} : { 'Content-Range': `bytes ${from}-${size - 1}/${size}` };
    response.writeHead(status, { 'Content-Length': size - from, ...told });
    if (from < half) response.write(image.layer.subarray(from, half));
    void released.then(() => response.end(image.layer.subarray(Math.max(from, half))));
  });
  return { name: `${registry.host}/${name}`, digest, size, half, ranges, cut, release };
}

/** A pull whose lines are read as they come. */
function begin(name: string) {
  const target = `/images/create?${new URLSearchParams({ fromImage: name, tag: 'latest' })}`;
  const request = http.request({ socketPath: agent.socket, method: 'POST', path: target, agent: false });
  const lines: {
    status?: string;
    id?: string;
    error?: string;
    progressDetail?: { current?: number; total?: number };
  }[] = [];
  const ended = new Promise<void>((resolve) => {
    request.on('error', () => resolve());
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const whole = text.split('\r\n');
        text = whole.pop() ?? '';
        lines.push(...whole.map((line) => JSON.parse(line)));
      });
      response.on('error', () => undefined).on('close', () => resolve());
    });
  });
  request.end();
  const until = async (status: string) => {
    for (let tries = 0; tries < 200 && !lines.some((line) => line.status === status); tries++) await setTimeout(50);
    assert.ok(
      lines.some((line) => line.status === status),
      `${status} in ${JSON.stringify(lines)}`,
    );
  };
  return { lines, ended, until, leave: () => request.destroy() };
}

test('the stream is Docker’s: every step of a layer, and figures in between', async () => {
  const image = slowImage('steps');
  const pull = begin(image.name);
  await pull.until('Downloading');
  image.release();
  await pull.ended;
  const id = image.digest.slice(7, 19);
  const steps = pull.lines.filter((line) => line.id === id).map((line) => line.status);
  assert.deepEqual(
    [...new Set(steps)],
    ['Pulling fs layer', 'Downloading', 'Download complete', 'Extracting', 'Pull complete'],
  );
  assert.ok(steps.length < 100, `${steps.length} lines`);
  const figures = pull.lines.find((line) => line.status === 'Downloading')?.progressDetail;
  assert.ok(figures?.current !== undefined && figures.current <= image.size && figures.total === image.size);
  assert.equal(pull.lines[0]?.status, 'Pulling from steps');
  assert.equal(pull.lines[0]?.id, 'latest');
  assert.match(pull.lines.at(-1)?.status ?? '', /^Status: Downloaded newer image for 127.0.0.1:5000\/steps:latest$/);
});

test('two pulls of one image share the work, and either may leave', async () => {
  const image = slowImage('shared');
  const [first, second] = [begin(image.name), begin(image.name)];
  await Promise.all([first.until('Downloading'), second.until('Pulling fs layer')]);
  await setTimeout(300);
  first.leave();
  await setTimeout(300);
  image.release();
  await second.ended;
  assert.match(second.lines.at(-1)?.status ?? '', /^Status: Downloaded newer image/, JSON.stringify(second.lines));
  assert.equal(image.ranges.length, 1, 'the layer was fetched twice');
});

test('a pull that nobody waits for ends, and the next goes on where it was', async () => {
  const image = slowImage('left');
  const pull = begin(image.name);
  await pull.until('Downloading');
  await setTimeout(500);
  pull.leave();
  await image.cut[0];
  assert.equal(agent.docker('image', 'inspect', image.name).status, 1);
  const next = begin(image.name);
  await next.until('Downloading');
  image.release();
  await next.ended;
  assert.match(next.lines.at(-1)?.status ?? '', /^Status: Downloaded newer image/, JSON.stringify(next.lines));
  const from = Number(/^bytes=(\d+)-$/.exec(image.ranges[1] ?? '')?.[1] ?? 0);
  assert.ok(from > 0 && from <= image.half, String(image.ranges));
});

test('an error after the first line is the last line', async () => {
  const image = sample();
  registry.serveImage('late', image);
  registry.answers.set(`/v2/late/blobs/${image.manifest.layers[0]?.digest}`, (_request, response) =>
    response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"no"}]}'),
  );
  const pull = begin(`${registry.host}/late`);
  await pull.ended;
  assert.match(pull.lines.at(-1)?.error ?? '', /^pull access denied for 127.0.0.1:5000\/late, .*: denied: no$/);
});

/** A plain archive of one file. */
function tarOf(content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const fields: [number, string][] = [
    [0, 'file'],
    [100, '0000644\0'],
    [108, '0000000\0'],
    [116, '0000000\0'],
    [124, `${content.length.toString(8).padStart(11, '0')}\0`],
    [136, '00000000000\0'],
    [148, '        0'],
    [257, 'ustar\u000000'],
  ];
  for (const [at, text] of fields) header.write(text, at);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, content, Buffer.alloc(1024)]);
}
