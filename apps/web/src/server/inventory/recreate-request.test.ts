import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recreatable, recreateRequest } from './recreate-request.ts';

const id = 'abcdef012345'.padEnd(64, '0');
const container = (part: { Config?: object; HostConfig?: object; Mounts?: object[]; Networks?: object }) =>
  recreatable.parse({
    Id: id,
    Name: '/web',
    Image: 'sha256:old',
    State: { Status: 'running' },
    Config: { Image: 'web:1', ...part.Config },
    HostConfig: part.HostConfig ?? {},
    Mounts: part.Mounts ?? [],
    NetworkSettings: { Networks: part.Networks ?? {} },
  });
/** As it goes over the wire: what is undefined is not there. */
const request = (...parameters: Parameters<typeof recreateRequest>) =>
  JSON.parse(JSON.stringify(recreateRequest(...parameters)));

test('what came from the old image is left to the new one, what was chosen stays', () => {
  const old = {
    Env: ['PATH=/bin', 'VERSION=1'],
    Cmd: ['serve'],
    Entrypoint: ['/entry'],
    User: 'app',
    Labels: { version: '1', app: 'web' },
    ExposedPorts: { '80/tcp': {} },
  };
  const made = request(
    container({
      Config: {
        ...old,
        Env: ['PATH=/bin', 'VERSION=1', 'DEBUG=1'],
        Labels: { version: '1', app: 'mine', 'com.docker.compose.project': 'x' },
        ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
        User: '1000',
        Tty: true,
      },
    }),
    old,
  );
  assert.deepEqual(made.Env, ['DEBUG=1']);
  assert.deepEqual(made.Labels, { app: 'mine', 'com.docker.compose.project': 'x' });
  assert.deepEqual(made.ExposedPorts, { '81/tcp': {} });
  assert.deepEqual([made.User, made.Tty, made.Image], ['1000', true, 'web:1']);
  assert.ok(!('Cmd' in made) && !('Entrypoint' in made));
});

test('an entry point of its own keeps its command, even the same as the image’s', () => {
  const old = { Cmd: ['serve'], Entrypoint: ['/entry'] };
  const made = request(container({ Config: { Entrypoint: ['sh'], Cmd: ['serve'] } }), old);
  assert.deepEqual([made.Entrypoint, made.Cmd], [['sh'], ['serve']]);
});

test('a hostname that was made up is made up anew', () => {
  assert.ok(!('Hostname' in request(container({ Config: { Hostname: id.slice(0, 12) } }), {})));
  assert.equal(request(container({ Config: { Hostname: 'db' } }), {}).Hostname, 'db');
});

test('volumes without a name are taken over, each once', () => {
  const made = request(
    container({
      Config: { Volumes: { '/data': {} } },
      HostConfig: {
        Binds: ['named:/named'],
        Mounts: [{ Type: 'volume', Target: '/mounted' }],
        Memory: 64,
        PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
      },
      Mounts: [
        { Type: 'volume', Name: 'named', Destination: '/named', RW: true },
        { Type: 'volume', Name: 'aa', Destination: '/data', RW: true },
        { Type: 'volume', Name: 'bb', Destination: '/mounted', RW: false },
        { Type: 'bind', Destination: '/host', RW: true },
      ],
    }),
    { Volumes: { '/data': {} } },
  );
  assert.deepEqual(made.HostConfig.Mounts, [
    { Type: 'volume', Source: 'aa', Target: '/data', ReadOnly: false },
    { Type: 'volume', Source: 'bb', Target: '/mounted', ReadOnly: true },
  ]);
  assert.deepEqual(made.HostConfig.Binds, ['named:/named']);
  assert.equal(made.HostConfig.Memory, 64);
  assert.equal(made.HostConfig.PortBindings['80/tcp'][0].HostPort, '8080');
  assert.deepEqual(made.Volumes, {});
});

test('networks keep what was asked of them, and no address that they gave', () => {
  const made = request(
    container({
      Networks: {
        front: { IPAMConfig: { IPv4Address: '10.0.0.9' }, Aliases: ['web', id.slice(0, 12)], IPAddress: '10.0.0.9' },
        bridge: { IPAMConfig: null, Aliases: null, IPAddress: '10.1.0.2' },
      },
    }),
    {},
  );
  assert.deepEqual(made.NetworkingConfig.EndpointsConfig, {
    front: { IPAMConfig: { IPv4Address: '10.0.0.9' }, Aliases: ['web'] },
    bridge: {},
  });
});
