import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layerCommand } from './layer-command.ts';

test('a step is told as in the Dockerfile it came from', () => {
  const cases: [string, string, string][] = [
    ['/bin/sh -c #(nop)  CMD ["sh"]', 'CMD', '["sh"]'],
    ['/bin/sh -c #(nop) ADD file:1234 in / ', 'ADD', 'file:1234 in /'],
    ['/bin/sh -c apk add curl', 'RUN', 'apk add curl'],
    ['|1 VERSION=2 /bin/sh -c make $VERSION', 'RUN', 'make $VERSION'],
    ['RUN /bin/sh -c apk add curl # buildkit', 'RUN', 'apk add curl'],
    ['COPY . /app # buildkit', 'COPY', '. /app'],
    ['ENV PATH=/bin', 'ENV', 'PATH=/bin'],
    ['/bin/bash -o pipefail -c make', 'RUN', 'make'],
    ['bazel build ...', '', 'bazel build ...'],
    ['', '', ''],
  ];
  for (const [createdBy, instruction, text] of cases)
    assert.deepEqual(layerCommand(createdBy), { instruction, text }, createdBy);
});
