import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges } from './changes.ts';

test('instructions change what they name', () => {
  const changed = applyChanges({ Env: ['PATH=/bin', 'A=old'], Cmd: ['old'], WorkingDir: '/srv' }, [
    'ENV A=b C="d e" F=$A/g',
    'ENV OLD way of  it',
    'cmd ["run", "it"]',
    'WORKDIR sub',
    'EXPOSE 80 8000-8001/udp',
    'VOLUME ["/data", "/log"]',
    'LABEL one=1 "two words"=\'a b\'',
    'USER 1000:1000',
    'STOPSIGNAL SIGINT',
    'ONBUILD RUN true',
    'HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f http://localhost',
  ]);
  assert.deepEqual(changed, {
    Env: ['PATH=/bin', 'A=b', 'C=d e', 'F=old/g', 'OLD=way of  it'],
    Cmd: ['run', 'it'],
    WorkingDir: '/srv/sub',
    ExposedPorts: { '80/tcp': {}, '8000/udp': {}, '8001/udp': {} },
    Volumes: { '/data': {}, '/log': {} },
    Labels: { one: '1', 'two words': 'a b' },
    User: '1000:1000',
    StopSignal: 'SIGINT',
    OnBuild: ['RUN true'],
    Healthcheck: { Test: ['CMD-SHELL', 'curl -f http://localhost'], Interval: 90e9, Retries: 3 },
  });
});

test('a command that is no list is for the shell, and an entrypoint takes the image’s command away', () => {
  assert.deepEqual(applyChanges({}, ['CMD echo $HOME']).Cmd, ['/bin/sh', '-c', 'echo $HOME']);
  assert.deepEqual(applyChanges({ Cmd: ['x'] }, ['ENTRYPOINT ["run"]']), { Entrypoint: ['run'], Cmd: null });
  assert.deepEqual(applyChanges({ Cmd: ['x'] }, ['CMD ["y"]', 'ENTRYPOINT ["run"]']), {
    Entrypoint: ['run'],
    Cmd: ['y'],
  });
  assert.deepEqual(applyChanges({}, ['HEALTHCHECK NONE']).Healthcheck, { Test: ['NONE'] });
});

test('what makes no sense is refused with Docker’s words', () => {
  for (const [change, why] of [
    ['RUN id', /RUN is not a valid change command/],
    ['COPY a b', /COPY is not a valid change command/],
    ['CMD', /CMD requires at least one argument/],
    ['ENV A', /ENV must have two arguments/],
    ['ENV A=b C', /can't find = in "C"/],
    ['EXPOSE 99999', /Invalid containerPort: 99999/],
    ['USER a b', /exactly one argument/],
    ['ONBUILD FROM x', /FROM isn't allowed as an ONBUILD trigger/],
    ['HEALTHCHECK TRY x', /Unknown type "TRY"/],
    ['HEALTHCHECK --interval=soon CMD x', /invalid duration/],
  ] as const)
    assert.throws(() => applyChanges({}, [change]), why);
});
