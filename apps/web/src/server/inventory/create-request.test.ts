import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CreateContainerInput, createContainerInput } from './create-container-input.ts';
import { toCreateRequest } from './create-request.ts';

const plain: CreateContainerInput = {
  image: 'alpine',
  env: [],
  ports: [],
  mounts: [],
  restartPolicy: { name: 'no' },
  network: 'bridge',
  tty: false,
  openStdin: false,
  readOnlyRootfs: false,
  privileged: false,
  capAdd: [],
  capDrop: [],
  noNewPrivileges: true,
  userNamespace: 'private',
  labels: {},
  start: true,
  autoRemove: false,
};

test('two host ports of one container port are both bound, and one without a number is left to the host', () => {
  const { HostConfig } = toCreateRequest({
    ...plain,
    ports: [
      { containerPort: 80, protocol: 'tcp', hostPort: 8080 },
      { containerPort: 80, protocol: 'tcp', hostPort: 8081, hostAddress: '127.0.0.1' },
      { containerPort: 53, protocol: 'udp' },
    ],
  });
  assert.deepEqual((HostConfig as { PortBindings: unknown }).PortBindings, {
    '80/tcp': [
      { HostIp: '', HostPort: '8080' },
      { HostIp: '127.0.0.1', HostPort: '8081' },
    ],
    '53/udp': [{ HostIp: '', HostPort: '' }],
  });
});

test('what was not filled in is left to the image and the engine', () => {
  const request = JSON.parse(JSON.stringify(toCreateRequest(plain)));
  assert.ok(!('Cmd' in request) && !('Entrypoint' in request) && !('User' in request));
  assert.ok(!('Memory' in request.HostConfig) && !('PidsLimit' in request.HostConfig));
  assert.deepEqual(request.HostConfig.SecurityOpt, ['no-new-privileges:true']);
});

test('input that could mean something else to the engine is refused', () => {
  for (const bad of [
    { image: '' },
    { name: '../etc' },
    { env: [{ name: 'A=B', value: '' }] },
    { ports: [{ containerPort: 0, protocol: 'tcp' }] },
    { ports: [{ containerPort: 80, protocol: 'tcp', hostAddress: 'example.org' }] },
    { mounts: [{ type: 'bind', source: '/a', target: 'relative', readOnly: false }] },
    { memoryBytes: -1 },
    { network: 'container:x' },
    { capAdd: ['sys admin'] },
  ])
    assert.equal(createContainerInput.safeParse({ ...plain, ...bad }).success, false, JSON.stringify(bad));
  assert.equal(createContainerInput.safeParse(plain).success, true);
});
