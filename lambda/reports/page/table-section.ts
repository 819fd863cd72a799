import { escapeHtml } from './escape-html.ts';

export interface TableSection {
  readonly id: 'findings' | 'coverage';
  readonly title: string;
  readonly says: string;
  /** In the order of page.js. */
  readonly columns: readonly string[];
  /** Values and labels of what rows can be chosen by, by the name that page.js knows it by. */
  readonly choices: Readonly<Record<string, readonly (readonly [value: string, label: string])[]>>;
}

/** A table without rows: page.js fills it. Without a script a sentence says where the rows are. */
export function tableSection({ id, title, says, columns, choices }: TableSection): string {
  const selects = Object.entries(choices).map(
    ([name, options]) =>
      `<label>${name.charAt(0).toUpperCase()}${name.slice(1)}<select name="${name}"><option value="">all</option>${options.map(([value, label]) => `<option value="${escapeHtml(value)}">${escapeHtml(label)}</option>`).join('')}</select></label>`,
  );
  const heads = columns.map(
    (column) => `<th scope="col" aria-sort="none"><button type="button">${escapeHtml(column)}</button></th>`,
  );
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${escapeHtml(title)}</h2><p class="quiet">${escapeHtml(says)}</p>
<noscript><p>The rows need JavaScript. The same rows are in ${id}.csv and report.json beside this file.</p></noscript>
<div class="tools"><label>Search<input type="search" placeholder="Any part of a name or sentence"></label>${selects.join('')}</div>
<div class="wide" tabindex="0" role="region" aria-label="Rows: ${escapeHtml(title)}"><table><thead><tr>${heads.join('')}</tr></thead><tbody></tbody></table></div>
<p class="rest" hidden></p>
<div class="pager"><button type="button">Back</button><button type="button">Forward</button><span class="count quiet" role="status"></span></div>
</section>`;
}
