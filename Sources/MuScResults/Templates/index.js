// The drop folder's table: search, filter and order over all batches, of which only some rows are in the page at a time.

const page = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const make = (tag, className, text) => { const element = document.createElement(tag); if (className) element.className = className; if (text !== undefined) element.textContent = text; return element; };
document.documentElement.classList.remove('no-script');

const [TIME, FOLDER, STATE, IMAGES, FLAGGED, MEDIAN, HIGHEST, SECONDS, REASON, REPORT] = Array(10).keys();
const batches = page.batches.map((row) => ({ row, text: `${row[FOLDER]}\n${row[REASON] ?? ''}`.toLocaleLowerCase() }));
const body = $('table').tBodies[0];
const classes = { 'held back': 'heldBack', 'no verdict': 'noVerdict', 'results gone': 'resultsGone' };
const kinds = { all: () => true, flagged: (row) => row[FLAGGED] > 0, noVerdict: (row) => row[STATE] === 'no verdict', open: (row) => !['done', 'no verdict'].includes(row[STATE]) };
const state = { text: '', show: 'all', column: null, ascending: true, limit: page.rows };

const duration = (seconds) => seconds === null ? '' : seconds < 59.95 ? `${seconds.toFixed(1)} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s` : `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds % 3600 / 60)).padStart(2, '0')} min`;

function tableRow({ row }) {
  const element = make('tr'), cell = (className, text) => { const made = make('td', className, text ?? ''); element.append(made); return made; };
  cell('', row[TIME]);
  const folder = cell('wide', row[REPORT] ? undefined : row[FOLDER]);
  if (row[REPORT]) { const link = make('a', '', row[FOLDER]); link.href = row[REPORT]; folder.append(link); }
  cell('').append(make('span', `state ${classes[row[STATE]] ?? row[STATE]}`, row[STATE]));
  cell('number', row[IMAGES]);
  const flagged = cell('number');
  if (row[FLAGGED] > 0) flagged.append(make('span', 'flag on', row[FLAGGED])); else flagged.textContent = row[FLAGGED] ?? '';
  cell('number', row[MEDIAN]?.toFixed(3));
  cell('number', row[HIGHEST]?.toFixed(3));
  cell('number', duration(row[SECONDS]));
  cell('wide', row[REASON]);
  return element;
}

function list() {
  const text = state.text.toLocaleLowerCase();
  const fits = (batch) => batch.text.includes(text) && kinds[state.show](batch.row);
  const found = batches.filter(fits);
  if (state.column !== null) {
    const sign = state.ascending ? 1 : -1;
    found.sort((a, b) => {
      const x = a.row[state.column], y = b.row[state.column];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (typeof x === 'string' ? x.localeCompare(y, undefined, { numeric: true }) : x - y);
    });
  }
  body.replaceChildren(...found.slice(0, state.limit).map(tableRow));
  $('shown').textContent = found.length === batches.length ? batches.length : `${found.length} of ${batches.length}`;
  $('more').hidden = found.length <= state.limit;
  $('more').textContent = `Show ${Math.min(page.rows, found.length - state.limit)} more`;
  $('nothing').hidden = found.length > 0;
  $('hidden-note')?.remove();
}

const again = () => { state.limit = page.rows; list(); };
$('tools').addEventListener('submit', (event) => event.preventDefault());
$('search').addEventListener('input', () => { state.text = $('search').value.trim(); again(); });
for (const radio of document.querySelectorAll('input[name="show"]')) radio.addEventListener('change', () => { state.show = radio.value; again(); });
$('more').addEventListener('click', () => { state.limit += page.rows; list(); });
for (const head of document.querySelectorAll('th[data-column]')) {
  const button = make('button', '', head.textContent), column = +head.dataset.column;
  button.type = 'button';
  button.addEventListener('click', () => {
    state.ascending = state.column === column ? !state.ascending : column <= STATE && column !== TIME;
    state.column = column;
    for (const other of document.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', state.ascending ? 'ascending' : 'descending');
    again();
  });
  head.replaceChildren(button);
}
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !event.target.matches('input')) { $('search').focus(); event.preventDefault(); }
});
$('hidden-note')?.remove();
$('more').hidden = batches.length <= state.limit;
$('more').textContent = `Show ${Math.min(page.rows, batches.length - state.limit)} more`;

// The page loads itself again, and keeps its place: what is shown stands in the history's entry, which outlives that.

const kept = history.state?.batches;
if (kept) {
  Object.assign(state, kept.state);
  $('search').value = state.text;
  for (const radio of document.querySelectorAll('input[name="show"]')) radio.checked = radio.value === state.show;
  const head = document.querySelector(`th[data-column="${state.column}"]`);
  if (head) { document.querySelectorAll('th[aria-sort]').forEach((other) => other.removeAttribute('aria-sort')); head.setAttribute('aria-sort', state.ascending ? 'ascending' : 'descending'); }
  list();
  window.scrollTo(0, kept.scroll);
  $('table').parentElement.scrollLeft = kept.left;
}
const refreshAfter = 30_000;
let loaded = Date.now();
setInterval(() => {
  // Nobody is disturbed who types or marks a text.
  const isBusy = document.activeElement === $('search') || !getSelection().isCollapsed;
  if (document.visibilityState !== 'visible' || isBusy || Date.now() - loaded < refreshAfter) return;
  loaded = Date.now();
  history.replaceState({ batches: { state, scroll: window.scrollY, left: $('table').parentElement.scrollLeft } }, '');
  location.reload();
}, 1000);
