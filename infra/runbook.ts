/** Where the runbook is read. The project has no public address yet, so it is named by its place in the repository. */
const runbook = 'docs/runbook.md';

/** What whoever is called at night opens next; `test/runbook.test.ts` sees that the article exists. */
export function article(id: string): string {
  return `${runbook}#${id}`;
}
