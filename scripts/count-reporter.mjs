// A node:test reporter that writes how many tests passed, failed and were skipped, as JSON. Suites are not tests.
export default async function* count(source) {
  const totals = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    if (event.data.details?.type === 'suite' && event.type === 'test:pass') continue;
    const name = `${event.data.file ?? ''}: ${event.data.name}`;
    if (event.data.skip !== undefined || event.data.todo !== undefined) {
      totals.skipped++;
      totals.skips.push(name);
    } else if (event.type === 'test:pass') totals.passed++;
    else if (event.data.details?.error?.failureType !== 'subtestsFailed') {
      totals.failed++;
      totals.failures.push(name);
    }
  }
  yield `${JSON.stringify(totals)}\n`;
}
