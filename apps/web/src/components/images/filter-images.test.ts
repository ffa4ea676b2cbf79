import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageView } from '@/server/views.ts';
import { filterImages, imageFilterQuery, parseImageFilter, sortImages } from './filter-images.ts';

const image = (part: Partial<ImageView>): ImageView => ({
  hostId: 'h1',
  hostName: 'one',
  hostState: 'online',
  id: 'sha256:aa',
  repoTags: [],
  repoDigests: [],
  labels: {},
  sizeBytes: 1,
  sharedBytes: 0,
  createdAt: 1,
  containers: 0,
  newerTags: [],
  ...part,
});
const images = [
  image({ id: 'sha256:01', repoTags: ['web:1', 'web:latest'], sizeBytes: 5, createdAt: 3, containers: 2 }),
  image({
    id: 'sha256:02',
    repoTags: ['db:16'],
    sizeBytes: 9,
    createdAt: 2,
    labels: { team: 'data' },
    newerTags: ['db:16'],
  }),
  image({ id: 'sha256:03', hostId: 'h2', hostName: 'two', sizeBytes: 1, createdAt: 1 }),
];
const filter = (query: string) => parseImageFilter(new URLSearchParams(query));
const found = (query: string) =>
  filterImages(images, filter(query))
    .map(({ id }) => id.slice(-1))
    .join('');

test('every word of a search is looked for in tags, ids, labels and hosts', () => {
  assert.equal(found('q=latest'), '1');
  assert.equal(found('q=team%3Ddata'), '2');
  assert.equal(found('q=sha256:03'), '3');
  assert.equal(found('q=two'), '3');
  assert.equal(found('q=web+nothing'), '');
});

test('uses and hosts narrow the list', () => {
  assert.equal(found('use=used'), '1');
  assert.equal(found('use=unused'), '23');
  assert.equal(found('use=dangling'), '3');
  assert.equal(found('use=newer'), '2');
  assert.equal(found('host=h2'), '3');
});

test('rows are ordered by what was asked, the newest first without asking, and what dangles after the names', () => {
  const order = (query: string) =>
    sortImages(images, filter(query))
      .map(({ id }) => id.slice(-1))
      .join('');
  assert.equal(order(''), '123');
  assert.equal(order('sort=size'), '312');
  assert.equal(order('sort=-size'), '213');
  assert.equal(order('sort=name'), '213');
});

test('an address says what differs from the default and is read back', () => {
  assert.equal(imageFilterQuery(filter('')), '');
  const query = 'q=a+b&use=unused&host=h1&sort=size';
  assert.equal(imageFilterQuery(filter(query)), query);
  assert.deepEqual(filter('use=toString&sort=-nothing'), { ...filter(''), descending: true });
});
