/** Where the runbook is read unless the inventory says where: its place in this repository. */
const inRepository = 'docs/runbook.md';

/**
 * What whoever is called at night opens next; `test/runbook.test.ts` sees that the article exists.
 *
 * @param runbook address of the page, for a mail in which it can be opened
 */
export function article(id: string, runbook = inRepository): string {
  return `${runbook}#${id}`;
}
