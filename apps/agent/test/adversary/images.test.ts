/** Rows S: what an image says is data. Each image is made by hand, loaded, and run. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Door } from './door.ts';

const door = new Door();

door.case('S1', 'labels of an image steer nothing, and reserved ones are not taken over', async () => {
  door.image('evil:s1', {
    Cmd: ['sleep', '1000'],
    Labels: {
      'com.docker.compose.project': 'victim',
      'COM.docker.Compose.service': 'db',
      'org.berth.weakenings': 'none at all',
      'org.berth.privileged': 'true',
      'traefik.http.routers.x.rule': 'Host(`victim`)',
      'containerd.io/restart.loguri': 'binary:///bin/sh?-c=id',
      'io.containerd.log.uri': 'file:///etc/passwd',
      'org.opencontainers.image.title': 'kept',
    },
  });
  const answer = await door.create({ Image: 'evil:s1' }, 's1');
  assert.equal(answer.status, 201, answer.text);
  assert.match(answer.text, /not followed in 4 labels/);
  door.ok('start', 's1');
  const { Config, HostConfig, Berth, Mounts } = door.inspect('s1');
  assert.deepEqual(Object.keys(Config.Labels).sort(), [
    'containerd.io/restart.loguri',
    'io.containerd.log.uri',
    'org.opencontainers.image.title',
    'traefik.http.routers.x.rule',
  ]);
  assert.equal(HostConfig.Privileged, false);
  assert.equal(HostConfig.LogConfig.Type, 'json-file');
  assert.deepEqual([Mounts, Berth.Weakenings], [[], []]);
  assert.equal(door.ok('ps', '--quiet', '--filter', 'label=com.docker.compose.project=victim'), '');
  const events = door.ok(
    'events',
    '--since',
    '5m',
    '--until',
    '0s',
    '--format',
    '{{json .}}',
    '--filter',
    'event=start',
  );
  for (const line of events.split('\n')) assert.equal(JSON.parse(line).Actor.Attributes['org.berth.weakenings'], '');
});

door.case(
  'S2',
  'CVE-2026-57231: variables without a value, and patterns, take nothing of the agent’s environment',
  async () => {
    door.image('evil:s2', { Env: ['BERTH_CANARY_SECRET', '*', 'PATH*', '=x', '', 'A=b', 'N=\u0000ul'], Cmd: ['env'] });
    const answer = await door.create({ Image: 'evil:s2', Env: ['BERTH_CANARY_SECRET'] });
    assert.match(answer.text, /not followed in 6 variables/);
    const lines = door.ok('run', '--rm', 'evil:s2').split('\n').sort();
    assert.deepEqual(
      lines.map((line) => line.split('=')[0]),
      ['A', 'HOME', 'HOSTNAME', 'PATH'],
    );
  },
);

door.case('S3', 'CVE-2026-53492: annotations come from the caller alone', async () => {
  const devices = { 'cdi.k8s.io/x': 'vendor/device=all', 'run.oci.hooks': '/bin/sh' };
  door.image('evil:s3', {
    Cmd: ['true'],
    Annotations: devices,
    HostConfig: { Annotations: devices, Privileged: true },
  });
  await door.create({ Image: 'evil:s3', Annotations: devices, HostConfig: { Annotations: { mine: 'yes' } } }, 's3');
  const { HostConfig, Berth } = door.inspect('s3');
  assert.deepEqual([HostConfig.Annotations, HostConfig.Privileged, Berth.Weakenings], [{ mine: 'yes' }, false, []]);
});

door.case(
  'S4',
  'CVE-2022-23648: a VOLUME that climbs, or leads through a link, is a volume inside the root',
  async () => {
    const inside = path.join(door.directory, 'nothing-here');
    const climb = `${'../'.repeat(12)}${door.canary.slice(1)}`;
    door.image(
      'evil:s4',
      {
        Cmd: ['sh', '-c', 'ls /etc /escape/made; touch /etc/x /escape/made/x; echo done'],
        Volumes: { '/../../etc': {}, '/escape/made': {} },
      },
      { escape: climb, absolute: door.canary },
    );
    const { out, err } = door.docker('run', '--rm', 'evil:s4');
    // Made inside, or refused: a link that leads nowhere inside has no directory to mount at.
    assert.ok(/done/.test(out) || err !== '', `${out}${err}`);
    assert.deepEqual(readdirSync(door.canary), ['secret']);
    door.image('evil:s4b', { Cmd: ['true'], Volumes: { [`/absolute/made`]: {} } }, { absolute: door.directory });
    door.docker('run', '--rm', 'evil:s4b');
    assert.equal(existsSync(path.join(door.directory, 'made')), false);
    assert.equal(existsSync(inside), false);
    for (const volume of ['/proc', '/proc/self/attr', 'relative', '/', '']) {
      door.image('evil:s4c', { Cmd: ['true'], Volumes: { [volume]: {} } });
      const refused = await door.create({ Image: 'evil:s4c' });
      assert.equal(refused.status, 400, `${volume} ${refused.text}`);
    }
    door.ok('volume', 'prune', '--force');
    assert.equal(door.ok('volume', 'ls', '--quiet'), '', 'a refused create left a volume');
  },
);

door.case('S5', 'signals, ports and health checks that make no sense are bounded and told', async () => {
  const ports = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`${index + 1}/tcp`, {}]));
  const wrong = { '0/tcp': {}, '99999/tcp': {}, '80/http': {}, '1-65535/tcp': {}, '$(id)': {} };
  door.image('evil:s5', {
    Cmd: ['sleep', '1000'],
    StopSignal: '99',
    ExposedPorts: { ...wrong, ...ports },
    Healthcheck: { Test: ['CMD', '/evil'], Interval: 0, Retries: -1 },
    Shell: ['/host/sh'],
    OnBuild: ['RUN id'],
  });
  const answer = await door.create({ Image: 'evil:s5' }, 's5');
  assert.match(answer.text, /1 stop signals/);
  assert.match(answer.text, /\d+ exposed ports/);
  door.ok('start', 's5');
  assert.ok(Object.keys(door.inspect('s5').Config.ExposedPorts).length <= 4096);
  door.ok('stop', '-t', '0', 's5');
  for (const body of [
    { StopSignal: '99' },
    { StopSignal: 'constructor' },
    { ExposedPorts: { '70000/tcp': {} } },
    { ExposedPorts: { '80/http': {} } },
    { Healthcheck: { Test: ['CMD', 'x'], Interval: 1 } },
    { Healthcheck: { Retries: -1 } },
    { HostConfig: { PortBindings: { 'x/tcp': [] } } },
  ]) {
    const refused = await door.create({ Image: 'busybox', ...body });
    assert.equal(refused.status, 400, JSON.stringify(body));
  }
});

door.case('S6', 'escapes and markup are kept as they are, and names cannot have them', async () => {
  const nasty = '\u001b]0;owned\u0007<script>alert(1)</script>\u202e';
  door.image('evil:s6', { Cmd: ['true'], Labels: { nasty }, Env: [`X=${nasty}`] });
  await door.create({ Image: 'evil:s6', Cmd: ['echo', nasty] }, 's6');
  const { Config, Args } = door.inspect('s6');
  assert.deepEqual([Config.Labels.nasty, Config.Env.at(-1), Args], [nasty, `X=${nasty}`, [nasty]]);
  const answer = await door.create({ Image: 'busybox' }, encodeURIComponent('a<b>\u001b'));
  assert.equal(answer.status, 400);
  assert.equal(door.ok('run', '--rm', 'evil:s6', 'sh', '-c', 'echo "$X"'), nasty);
});

door.case('S8', 'a container keeps the configuration that it was created with', async () => {
  door.image('evil:s8', { Cmd: ['sh', '-c', 'echo first; id -u'], User: '1000', Env: ['V=1'] });
  await door.create({ Image: 'evil:s8' }, 's8');
  door.image('evil:s8', { Cmd: ['sh', '-c', 'echo second'], User: '0', Env: ['V=2'], Volumes: { '/v': {} } });
  door.ok('start', '--attach', 's8');
  assert.equal(door.ok('logs', 's8'), 'first\n1000');
  const { Config, Image, Mounts } = door.inspect('s8');
  assert.deepEqual([Config.User, Config.Env.includes('V=1'), Mounts], ['1000', true, []]);
  assert.notEqual(door.ok('image', 'inspect', '--format', '{{.Id}}', 'evil:s8'), Image);
  assert.match(door.docker('rmi', '--force', Image).err, /conflict/);
});
