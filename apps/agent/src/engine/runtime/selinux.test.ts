import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContainerBody } from '@berth/shared/docker/container';
import { type Labels, labelOptions, labelsFor, levelOf, sharedLabel } from './selinux.ts';

const pair = () => 's0:c12,c733';
const other: Labels = {
  process: 'system_u:system_r:container_t:s0:c3,c4',
  mount: 'system_u:object_r:container_file_t:s0:c3,c4',
};

function of(host: object): Labels {
  const { HostConfig } = createContainerBody.parse({ Image: 'x', HostConfig: host });
  return labelsFor(HostConfig, pair, () => other);
}

test('by default a container has the container types and a pair of its own', () => {
  const own = of({});
  assert.equal(own.process, 'system_u:system_r:container_t:s0:c12,c733');
  assert.equal(own.mount, 'system_u:object_r:container_file_t:s0:c12,c733');
  assert.equal(levelOf(own), 's0:c12,c733');
  assert.equal(sharedLabel(own), 'system_u:object_r:container_file_t:s0');
});

test('privileged, in host namespaces or with the label disabled it is not held back', () => {
  const hosts = [
    { Privileged: true },
    { PidMode: 'host' },
    { IpcMode: 'host' },
    { SecurityOpt: ['label=disable'] },
    { SecurityOpt: ['label:disable'] },
  ];
  for (const host of hosts) {
    assert.equal(of(host).process, 'system_u:system_r:spc_t:s0');
    assert.equal(of(host).mount, 'system_u:object_r:container_file_t:s0:c1022,c1023');
  }
});

test('who joins the processes or the memory of another container has its labels', () => {
  assert.equal(of({ PidMode: 'container:a' }), other);
  assert.equal(of({ IpcMode: 'container:a' }), other);
  assert.equal(of({ IpcMode: 'container:a', SecurityOpt: ['label=level:s0:c7'] }).process.endsWith(':s0:c7'), true);
});

test('parts of a label are replaced one by one', () => {
  const parts = ['label=user:staff_u', 'label=role:staff_r', 'label:type:my_app.process', 'label=level:s0:c1,c2'];
  assert.equal(of({ SecurityOpt: parts }).process, 'staff_u:staff_r:my_app.process:s0:c1,c2');
  assert.equal(of({ SecurityOpt: ['label=type:nginx_t'] }).process, 'system_u:system_r:nginx_t:s0:c12,c733');
  assert.equal(labelOptions(['seccomp=unconfined', 'no-new-privileges']), null);
});

test('what is no part of a label is refused', () => {
  for (const option of [
    'label',
    'label=',
    'label=enable',
    'label=disable:x',
    'label=type:a b',
    'label=type:a:b',
    'label=type:',
    'label=type:a\nb',
    'label=user:a\0',
    'label=level:c1',
    'label=level:s0:c1 c2',
    'label=level:s0:c1\n',
    'label=file:x',
  ]) {
    assert.throws(() => labelOptions([option]), /invalid --security-opt/, JSON.stringify(option));
  }
});
