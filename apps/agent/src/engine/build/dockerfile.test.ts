import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from './dockerfile.ts';
import { type Instruction, parseInstruction } from './instructions.ts';
import { planStages } from './stages.ts';

const lines = (text: string) => parseDockerfile(text).lines.map(({ name, rest }) => [name, rest]);

/** Of the one instruction after a FROM. */
function only(text: string): Omit<Instruction, 'line' | 'original'> {
  const { lines: found, escapeChar } = parseDockerfile(text);
  const [line] = found;
  assert.ok(line !== undefined && found.length === 1);
  const { line: _, original: __, ...rest } = parseInstruction(line, escapeChar);
  return rest;
}

test('comments, continuation lines and comments inside of them', () => {
  assert.deepEqual(lines('# x\n\nfrom a\nRUN b \\\n  # inside\n  c \\\n\n  d\n  # after\nRUN e'), [
    ['FROM', 'a'],
    ['RUN', 'b   c   d'],
    ['RUN', 'e'],
  ]);
});

test('carriage returns, a byte order mark and blanks after the escape', () => {
  assert.deepEqual(lines('\uFEFFFROM a\r\nRUN b \\ \t\r\n c\r\n'), [
    ['FROM', 'a'],
    ['RUN', 'b  c'],
  ]);
});

test('an escaped escape continues nothing', () => {
  assert.deepEqual(lines('RUN a \\\\\nRUN b'), [
    ['RUN', 'a \\\\'],
    ['RUN', 'b'],
  ]);
});

test('an empty continuation line is warned of', () => {
  assert.equal(parseDockerfile('RUN a \\\n\n b').warnings.length, 1);
  assert.equal(parseDockerfile('RUN a \\\n b').warnings.length, 0);
});

test('directives come first, once, and only where they are known', () => {
  assert.deepEqual(lines('# escape=`\nFROM a\nRUN b `\n c \\'), [
    ['FROM', 'a'],
    ['RUN', 'b  c \\'],
  ]);
  assert.equal(parseDockerfile('# other=x\n# escape=`\nFROM a').escapeChar, '\\');
  assert.throws(() => parseDockerfile('# escape=x\nFROM a'), /invalid ESCAPE/);
  assert.throws(() => parseDockerfile('# escape=`\n# escape=`\nFROM a'), /only one escape/);
});

test('a frontend is noted, and one of another language refused', () => {
  assert.match(parseDockerfile('# syntax=docker/dockerfile:1.7\nFROM a').warnings.join(), /syntax/);
  assert.throws(() => parseDockerfile('# syntax=example.com/front:1\nFROM a'), /requires BuildKit/);
});

test('here-documents', () => {
  const { lines: found } = parseDockerfile(
    'RUN <<EOF\n# no comment\n  a \\\nEOF\nCOPY <<"A" <<-B /x/\n$a\nA\n\tb\n\tB\nRUN c',
  );
  assert.deepEqual(
    found.map(({ name, heredocs }) => [name, heredocs]),
    [
      ['RUN', [{ name: 'EOF', expands: true, content: '# no comment\n  a \\\n' }]],
      [
        'COPY',
        [
          { name: 'A', expands: false, content: '$a\n' },
          { name: 'B', expands: true, content: 'b\n' },
        ],
      ],
      ['RUN', []],
    ],
  );
  assert.throws(() => parseDockerfile('RUN <<EOF\nabc'), /unterminated heredoc EOF/);
  assert.deepEqual(parseDockerfile('RUN echo $((1<<2))\nRUN a').lines.length, 2);
});

const instructions: [text: string, expected: object][] = [
  [
    'ENV a=b c="d e" f=g\\ h',
    {
      kind: 'env',
      pairs: [
        ['a', 'b'],
        ['c', '"d e"'],
        ['f', 'g\\ h'],
      ],
    },
  ],
  ['ENV name some  value', { kind: 'env', pairs: [['name', 'some  value']] }],
  ['LABEL a.b=c', { kind: 'label', pairs: [['a.b', 'c']], asGiven: false }],
  [
    'ARG a b=c d=',
    {
      kind: 'arg',
      args: [
        ['a', null],
        ['b', 'c'],
        ['d', ''],
      ],
    },
  ],
  ['CMD ["a", "b c"]', { kind: 'cmd', command: { shell: false, words: ['a', 'b c'] } }],
  ["CMD ['a']", { kind: 'cmd', command: { shell: true, words: ["['a']"] } }],
  ['CMD []', { kind: 'cmd', command: { shell: false, words: [] } }],
  ['ENTRYPOINT exec top -b', { kind: 'entrypoint', command: { shell: true, words: ['exec top -b'] } }],
  ['EXPOSE 80 443/udp', { kind: 'expose', words: ['80', '443/udp'] }],
  ['VOLUME ["/a b"]', { kind: 'volume', words: ['/a b'] }],
  ['VOLUME /a /b', { kind: 'volume', words: ['/a', '/b'] }],
  ['WORKDIR /a b', { kind: 'workdir', value: '/a b' }],
  ['SHELL ["/bin/ash", "-ec"]', { kind: 'shell', words: ['/bin/ash', '-ec'] }],
  ['ONBUILD RUN a', { kind: 'onbuild', trigger: 'RUN a' }],
  ['HEALTHCHECK NONE', { kind: 'healthcheck', check: { Test: ['NONE'] } }],
  [
    'HEALTHCHECK --interval=1m30s --retries=3 CMD ["a"]',
    { kind: 'healthcheck', check: { Test: ['CMD', 'a'], Interval: 90e9, Retries: 3 } },
  ],
  [
    'COPY --from=x --chown=$U --chmod=0755 a b /c/',
    { kind: 'copy', sources: ['a', 'b'], destination: '/c/', from: 'x', chown: '$U', chmod: '0755', heredocs: [] },
  ],
];
for (const [text, expected] of instructions) test(text, () => assert.deepEqual(only(text), expected));

const refused: [text: string, why: RegExp][] = [
  ['FOO bar', /^.*line 1: unknown instruction: FOO/],
  ['constructor a', /unknown instruction: CONSTRUCTOR/],
  ['ENV a', /ENV must have two arguments/],
  ['ENV a=b c', /can't find = in "c"/],
  ['ENV =b', /names can not be blank/],
  ['COPY a', /requires at least two arguments/],
  ['COPY --mode=1 a b', /Unknown flag: mode/],
  ['COPY --chmod=u+x a b', /invalid chmod/],
  ['COPY --link a b', /requires BuildKit/],
  ['RUN --mount=type=cache,target=/x a', /--mount option of RUN requires BuildKit/],
  ['RUN --network=none a', /requires BuildKit/],
  ['RUN', /at least one argument/],
  ['CMD [1]', /arrays must be comprised of strings only/],
  ['SHELL a', /JSON form/],
  ['ONBUILD ONBUILD RUN a', /isn't allowed/],
  ['ONBUILD FROM a', /isn't allowed/],
  ['ONBUILD FOO', /unknown instruction/],
  ['HEALTHCHECK a', /Unknown type/],
  ['HEALTHCHECK --interval=1 CMD a', /invalid duration/],
  ['HEALTHCHECK --interval=1us CMD a', /less than 1ms/],
  ['VOLUME [""]', /empty string/],
];
for (const [text, why] of refused) test(`${text} is refused`, () => assert.throws(() => only(text), why));

const plan = (text: string, target = '') => planStages(parseDockerfile(text), target);

test('stages, and those up to a target', () => {
  const text = 'ARG a\nFROM x AS One\nRUN 1\nFROM --platform=linux/amd64 y\nRUN 2\nFROM one';
  assert.deepEqual(
    plan(text).stages.map(({ from, instructions: { length } }) => [from.base, from.name, from.platform, length]),
    [
      ['x', 'one', '', 1],
      ['y', '', 'linux/amd64', 1],
      ['one', '', '', 0],
    ],
  );
  assert.equal(plan(text, 'ONE').stages.length, 1);
  assert.equal(plan(text, '1').stages.length, 2);
  assert.throws(() => plan(text, 'none'), /target stage "none" could not be found/);
});

const noStages: [text: string, why: RegExp][] = [
  ['RUN a', /no build stage in current context/],
  ['ARG a', /no FROM/],
  ['FROM', /either one or three/],
  ['FROM a AS', /either one or three/],
  ['FROM a IS b', /either one or three/],
  ['FROM a AS 1b', /invalid name for build stage/],
  ['FROM a AS b\nFROM c AS B', /duplicate name b/],
  ['# nothing', /no instructions/],
];
for (const [text, why] of noStages)
  test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => plan(text), why));
