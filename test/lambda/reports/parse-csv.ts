/** RFC 4180 as a reader sees it, written a second time as a check on the writer. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let row: string[] = [];
  const body = text.replace(/^\uFEFF/, '');
  for (const [whole, quoted, plain, end] of body.matchAll(cells)) {
    if (whole === '') break;
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  const length = [...body.matchAll(cells)].reduce((sum, [whole]) => sum + whole.length, 0);
  if (length !== body.length) throw new Error(`not RFC 4180 after ${length} characters`);
  return rows;
}
