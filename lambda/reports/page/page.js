// The two tables of the report: sort, filter, page by page. Texts of others become text nodes, never markup.

(() => {
  const { severities, rules, findings, coverage } = JSON.parse(document.getElementById('rows').textContent);
  const perPage = 50;
  // Chromium 150 fails to print a table of 10,000 rows; this many it prints within a minute on a slow machine.
  const mostPrinted = 4000;
  const encryptions = { psk: 'PSK', certificate: 'certificate', open: 'partly open', none: 'none' };
  const managers = { managed: 'by us', 'not-managed': 'by nobody', 'not-ours': 'not ours' };

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  // Marks that turn letters around or that nobody sees are shown by their numbers, and each text keeps its own direction.
  const text = (value) => {
    const parts = String(value).split(/([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}])/u);
    const shown = parts.map((part, index) =>
      index % 2 === 0
        ? part
        : element('span', { class: 'unseen' }, `U+${part.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`),
    );
    return element('bdi', {}, ...shown);
  };
  const quiet = (...children) => element('p', { class: 'quiet' }, ...children);
  const controls = (names) =>
    element('p', { class: 'quiet controls' }, ...names.flatMap((name) => [element('span', {}, name), ' ']));
  const chip = (rank) =>
    rank < severities.length
      ? element('span', { class: `chip ${severities[rank]}` }, severities[rank])
      : element('span', { class: 'chip good' }, 'clean');

  const tables = {
    findings: {
      rows: findings,
      columns: [
        {
          of: ([rank, status]) => rank + (status === 'waived' ? 10 : 0),
          cell: ([rank, status]) => [
            chip(rank),
            ...(status === 'waived' ? [' ', element('span', { class: 'chip plain' }, 'waived')] : []),
          ],
        },
        {
          of: (row) => rules[row[2]].title,
          cell: (row) => [element('p', {}, rules[row[2]].title), controls(rules[row[2]].controls)],
          class: 'name',
        },
        { of: (row) => row[4], cell: (row) => [text(row[4]), quiet(row[3])], class: 'name', head: true },
        {
          of: (row) => row[5],
          cell: (row) => [
            element('p', {}, text(row[5])),
            quiet(rules[row[2]].remedy),
            ...(row[6] === undefined ? [] : [quiet('Waived by ', text(row[6]))]),
          ],
          class: 'evidence',
        },
      ],
      searched: (row) =>
        `${row[4]}\n${row[5]}\n${rules[row[2]].title}\n${rules[row[2]].controls.join(' ')}\n${row[6] ?? ''}`,
      choices: { severity: (row) => severities[row[0]], status: (row) => row[1], rule: (row) => row[2] },
      waived: (row) => row[1] === 'waived',
    },
    coverage: {
      rows: coverage,
      columns: [
        { of: (row) => row[0], cell: (row) => [chip(row[0])] },
        {
          of: (row) => row[2],
          cell: (row) => [text(row[2]), ...(row[3] === '' ? [] : [quiet(text(row[3]))])],
          class: 'name',
          head: true,
        },
        { of: (row) => row[1], cell: (row) => [row[1]] },
        { of: (row) => row[4], cell: (row) => [encryptions[row[4]]] },
        {
          of: (row) => row[5],
          cell: (row) => [managers[row[5]], ...(row[6] === '' ? [] : [quiet(text(row[6]))])],
          class: 'name',
        },
        { of: (row) => row[7] ?? -1, cell: (row) => [row[7] === null ? '–' : String(row[7])], class: 'number' },
        {
          of: (row) => row[8],
          cell: (row) => [row[8] === '' ? '–' : row[8], ...(row[9] > 0 ? [quiet(`${row[9]} days overdue`)] : [])],
        },
        { of: (row) => row[10], cell: (row) => [row[10] === '' ? '–' : row[10]] },
        { of: (row) => row[11], cell: (row) => [row[11] === 0 ? '0' : findingsOf(row)], class: 'number' },
      ],
      searched: (row) => `${row[2]}\n${row[3]}\n${row[6]}`,
      choices: { encryption: (row) => row[4], managed: (row) => row[5], kind: (row) => row[1] },
      waived: () => false,
    },
  };

  const shows = {};
  function findingsOf(row) {
    const button = element(
      'button',
      { type: 'button', class: 'link', 'aria-label': `${row[11]} findings of ${row[2]}` },
      String(row[11]),
    );
    button.addEventListener('click', () => shows.findings.subject(row));
    return button;
  }

  function start(name) {
    const { rows, columns, searched, choices, waived } = tables[name];
    const section = document.getElementById(name);
    const [body, search, count, rest] = ['tbody', 'input', '.count', '.rest'].map((selector) =>
      section.querySelector(selector),
    );
    const [back, forward] = section.querySelectorAll('.pager button');
    const heads = [...section.querySelectorAll('thead th')];
    const selects = [...section.querySelectorAll('select')];
    const texts = rows.map((row) => searched(row).toLowerCase());
    let page = 0;
    let sorted = { column: undefined, down: false };
    let subject;
    let shown = [];

    function select() {
      const wanted = search.value.trim().toLowerCase();
      const chosen = selects
        .filter(({ value }) => value !== '')
        .map(
          ({ name: choice, value }) =>
            (row) =>
              choices[choice](row) === value,
        );
      shown = [];
      for (const [index, row] of rows.entries()) {
        if (subject !== undefined && !subject.has(`${row[3]} ${row[4]}`)) continue;
        if (wanted !== '' && !texts[index].includes(wanted)) continue;
        if (chosen.every((fits) => fits(row))) shown.push(row);
      }
      if (sorted.column !== undefined) {
        const { of } = columns[sorted.column];
        const sign = sorted.down ? -1 : 1;
        shown.sort((a, b) => (of(a) < of(b) ? -sign : of(a) > of(b) ? sign : 0));
      }
      page = 0;
      draw();
    }

    function draw(everything = false) {
      const from = everything ? 0 : page * perPage;
      const some = shown.slice(from, from + (everything ? mostPrinted : perPage));
      body.replaceChildren(
        ...some.map((row) =>
          element(
            'tr',
            waived(row) ? { class: 'waived' } : {},
            ...columns.map(({ cell, class: kind, head }) =>
              element(
                head ? 'th' : 'td',
                { ...(head ? { scope: 'row' } : {}), ...(kind ? { class: kind } : {}) },
                ...cell(row),
              ),
            ),
          ),
        ),
      );
      const of = shown.length === rows.length ? `${shown.length}` : `${shown.length} of ${rows.length}`;
      count.textContent = shown.length === 0 ? `none of ${rows.length}` : `${from + 1}–${from + some.length} of ${of}`;
      const left = everything ? shown.length - some.length : 0;
      rest.hidden = left === 0;
      rest.textContent = `${left} more rows are in ${name}.csv.`;
      back.disabled = page === 0;
      forward.disabled = (page + 1) * perPage >= shown.length;
    }

    search.addEventListener('input', () => {
      subject = undefined;
      select();
    });
    for (const one of selects) one.addEventListener('change', select);
    for (const [index, head] of heads.entries())
      head.querySelector('button').addEventListener('click', () => {
        sorted = { column: index, down: sorted.column === index && !sorted.down };
        for (const other of heads)
          other.setAttribute('aria-sort', other === head ? (sorted.down ? 'descending' : 'ascending') : 'none');
        select();
      });
    back.addEventListener('click', () => {
      page -= 1;
      draw();
    });
    forward.addEventListener('click', () => {
      page += 1;
      draw();
    });
    // Paper has no pages to click through: everything that the filters leave.
    addEventListener('beforeprint', () => draw(true));
    addEventListener('afterprint', () => draw());
    select();

    return {
      /** The findings of one row of the other table, and of its secret. */
      subject(row) {
        for (const one of selects) one.value = '';
        search.value = '';
        subject = new Set([`${row[1]} ${row[2]}`, `secret ${row[6]}`]);
        if (row[6] === '') subject.delete('secret ');
        select();
        section.scrollIntoView();
        search.focus({ preventScroll: true });
      },
    };
  }

  for (const name of Object.keys(tables)) shows[name] = start(name);
})();
