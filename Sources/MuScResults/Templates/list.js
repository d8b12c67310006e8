// The list of images: filter, order, grid and table, keyboard. It goes on where report.js ends.

// Order and filter

const orders = {
  score: (a, b) => a.i - b.i,
  'score-up': (a, b) => b.scored - a.scored || b.i - a.i,
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }) || a.i - b.i,
  time: (a, b) => (b.time ?? 0) - (a.time ?? 0) || a.i - b.i,
};
// What fits, and what of it is shown: all but in a large batch, which comes in pages.
const kinds = { all: () => true, flagged, look: worthALook, rest: (image) => image.scored && !flagged(image), error: (image) => !image.scored };
let visible = images, shown = images, turned = 0, asked = 0;

function list(keepsPage) {
  const needsTable = state.text || columnOrder || ['name', 'time'].includes(state.order);
  if (!hasTable && needsTable) { wholeTable().then(() => list(keepsPage), () => {}); return; }
  const text = state.text.toLocaleLowerCase();
  const fits = (image) => (!text || image.name.toLocaleLowerCase().includes(text))
    && kinds[state.show](image);
  visible = images.filter(fits).sort(columnOrder ?? orders[state.order]);
  $('shown').textContent = visible.length === images.length ? images.length : `${visible.length} of ${images.length}`;
  if (!large) { shown = visible; write(); return; }
  const last = Math.max(Math.ceil(visible.length / large.size) - 1, 0);
  turned = keepsPage ? Math.min(Math.max(turned, 0), last) : 0;
  shown = visible.slice(turned * large.size, (turned + 1) * large.size);
  const first = turned * large.size;
  $('page-range').textContent = visible.length ? `${first + 1}–${first + shown.length} of ${visible.length}` : 'none';
  for (const id of ['page-first', 'page-previous']) $(id).disabled = turned === 0;
  for (const id of ['page-next', 'page-last']) $(id).disabled = turned === last;
  $('page-fault').textContent = '';
  // In any other order than that of the scores the table's rows do for the list, and the rest comes when an image is opened.
  const missing = [...new Set(shown.filter((image) => image.scored && image.thumbnail === undefined).map((image) => Math.floor(image.i / large.size)))];
  const ticket = ++asked;
  Promise.all(missing.map((k) => whole(scored[k * large.size]))).then(() => { if (ticket === asked) write(); }, () => {});
}

function write() {
  $('nothing').hidden = visible.length > 0;
  $('grid').hidden = state.view !== 'grid';
  $('table-wrap').hidden = state.view !== 'table' || !visible.length;
  if (state.view === 'grid') $('grid').replaceChildren(...shown.map((image) => cards[image.i] ??= card(image)));
  else writeTable();
  if (large && state.heat && !asWritten()) for (const picture of document.querySelectorAll('#grid .pic')) inSight.observe(picture);
}

/// The card of an image, as the page's template writes it.
function card(image) {
  const item = make('li', `card ${level(image)}`), link = make('a'), frame = make('span', 'frame'), pic = make('span', 'pic'), img = make('img');
  item.id = `i${image.i}`;
  item.dataset.card = link.dataset.open = image.i;
  link.href = image.overlay ?? image.thumbnail ?? '';
  img.loading = 'lazy';
  img.decoding = 'async';
  img.src = image.thumbnail ?? '';
  img.alt = `Heat map over ${image.name}`;
  const shape = image.width / image.height, wanted = +getComputedStyle(document.documentElement).getPropertyValue('--frame');
  if (Math.abs(shape / wanted - 1) > 0.004) pic.style.cssText = `width:${Math.min(100, 100 * shape / wanted)}%;aspect-ratio:${image.width}/${image.height}`;
  pic.append(img);
  frame.append(pic);
  link.append(frame, make('span', 'name', image.name), make('span', 'score', digits(image.score)), make('span', 'found', regionsText(image)));
  item.append(link);
  return item;
}

if (large) {
  const turn = (to) => { turned = to; list(true); $('images').scrollIntoView(); };
  $('page-first').addEventListener('click', () => turn(0));
  $('page-previous').addEventListener('click', () => turn(turned - 1));
  $('page-next').addEventListener('click', () => turn(turned + 1));
  $('page-last').addEventListener('click', () => turn(Infinity));
}

const radios = (name, value) => { for (const radio of document.querySelectorAll(`input[name="${name}"]`)) radio.checked = radio.value === value; };
function show(what) { state.show = what; radios('show', what); list(); }
function view(what) { state.view = what; radios('view', what); list(); }
$('tools').addEventListener('submit', (event) => event.preventDefault());
$('search').addEventListener('input', () => { state.text = $('search').value.trim(); list(); });
$('sort').addEventListener('change', () => { state.order = $('sort').value; columnOrder = null; list(); });
for (const radio of document.querySelectorAll('input[name="show"]')) radio.addEventListener('change', () => show(radio.value));
for (const radio of document.querySelectorAll('input[name="view"]')) radio.addEventListener('change', () => view(radio.value));
$('show-all').addEventListener('click', () => { state.text = $('search').value = ''; show('all'); });

// Table

/// A time in the reader's own zone, with its distance from UTC.
function timeText(seconds) {
  if (seconds == null) return '';
  const minutes = -new Date(seconds * 1000).getTimezoneOffset(), two = (number) => String(number).padStart(2, '0');
  const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return `${local} ${minutes ? `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}` : 'Z'}`;
}
const columns = [
  { title: 'Rank', number: true, value: (image) => image.scored ? image.i + 1 : null },
  { title: '', label: 'Level' },
  { title: 'Image', value: (image) => image.name },
  { title: 'Score', number: true, down: true, value: (image) => image.score ?? null, text: (image) => image.scored ? digits(image.score) : '' },
  { title: 'MSM score', number: true, down: true, value: (image) => image.msm ?? null, text: (image) => image.msm == null ? '' : digits(image.msm) },
  { title: 'p', number: true, value: (image) => image.p ?? null, text: (image) => image.p == null ? '' : image.p.toPrecision(2), absent: !scored.some((image) => image.p != null) },
  { title: 'Peak x, y', number: true, text: (image) => image.peak ? image.peak.join(', ') : '' },
  { title: 'Pixels', number: true, value: (image) => image.scored ? image.width * image.height : null, text: (image) => image.scored ? `${image.width} × ${image.height}` : '' },
  { title: 'File time', value: (image) => image.time ?? null, text: (image) => timeText(image.time) },
].filter((column) => !column.absent);
let columnOrder = null, sortedColumn = null, ascending = true, tableRows = [];

function sortBy(column) {
  ascending = sortedColumn === column ? !ascending : !column.down;
  sortedColumn = column;
  const sign = ascending ? 1 : -1;
  columnOrder = (a, b) => {
    const x = column.value(a), y = column.value(b);
    // What has no value stays at the end either way.
    if (x === null || y === null) return (x === null) - (y === null) || a.i - b.i;
    return sign * (typeof x === 'string' ? x.localeCompare(y, undefined, { numeric: true }) : x - y) || a.i - b.i;
  };
  list();
}

function writeTable() {
  const element = make('table'), head = element.createTHead().insertRow(), body = element.createTBody();
  element.append(make('caption', 'visually-hidden', 'Images with their scores'));
  for (const column of columns) {
    const cell = make('th', column.number ? 'number' : '');
    cell.scope = 'col';
    if (column.value) {
      const button = make('button', '', column.title);
      button.type = 'button';
      button.addEventListener('click', () => { sortBy(column); $('table-wrap').querySelectorAll('th')[columns.indexOf(column)].querySelector('button').focus(); });
      cell.append(button);
      if (columnOrder && sortedColumn === column) cell.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      else if (!columnOrder && column.title === 'Rank' && state.order === 'score') cell.setAttribute('aria-sort', 'ascending');
    } else if (column.label) cell.append(make('span', 'visually-hidden', column.label));
    else cell.textContent = column.title;
    head.append(cell);
  }
  tableRows = shown.map((image) => {
    const row = body.insertRow();
    row.dataset.card = image.i;
    for (const column of columns) {
      const cell = row.insertCell();
      if (column.number) cell.className = 'number';
      if (column.title === 'Image') {
        cell.className = 'wide';
        if (image.scored) {
          const link = make('a', '', image.name);
          link.href = `#image=${encodeURIComponent(image.name)}`;
          link.dataset.open = image.i;
          cell.append(link);
        } else cell.append(image.name, make('span', 'reason', image.error));
      } else if (column.label) {
        cell.append(...sign(image));
      } else cell.textContent = column.text ? column.text(image) : column.value(image) ?? '';
    }
    return row;
  });
  $('table-wrap').replaceChildren(element);
}

function markTable() {
  shown.forEach((image, k) => {
    tableRows[k].cells[1].replaceChildren(...sign(image));
  });
}

// Keyboard

const keys = $('keys');
const showKeys = () => { if (!keys.open) keys.showModal(); };
$('page-keys').addEventListener('click', showKeys);
keys.querySelector('form').addEventListener('submit', (event) => { event.preventDefault(); keys.close(); });

/// Moves the focus among what is listed.
function moveFocus(key) {
  const links = [...(state.view === 'grid' ? $('grid') : $('table-wrap')).querySelectorAll('a[data-open]')];
  if (!links.length) return;
  const from = links.indexOf(document.activeElement);
  let to = 0;
  if (from >= 0) {
    const top = (link) => link.closest('[data-card]').offsetTop;
    let perRow = links.findIndex((link) => top(link) > top(links[0]));
    if (perRow < 1) perRow = links.length;
    to = from + ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow }[key]);
    if (to < 0 || to >= links.length) to = key === 'ArrowDown' || key === 'ArrowRight' ? links.length - 1 : from;
  }
  links[to].focus();
  links[to].closest('[data-card]').scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  if (viewer.isOpen()) return viewer.key(event);
  const target = event.target;
  if (target.matches('input[type="search"]') && event.key === 'Escape') { target.value = state.text = ''; target.blur(); list(); return; }
  if (target.matches('input, select, textarea, [role="slider"]')) return;
  if (event.key.startsWith('Arrow')) {
    // Arrows scroll the page until an image has the focus, or one has come into sight.
    const inList = target.closest('[data-card]');
    if (!inList && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) return;
    moveFocus(event.key);
  } else if (event.key === 'f') show(state.show === 'flagged' ? 'all' : 'flagged');
  else if (event.key === 'l') show(state.show === 'look' ? 'all' : 'look');
  else if (event.key === 'v') view(state.view === 'grid' ? 'table' : 'grid');
  else if (event.key === '/') $('search').focus();
  else if (event.key === '?') showKeys();
  else return;
  event.preventDefault();
});

document.addEventListener('click', (event) => {
  const wanted = event.target.closest('[data-show]');
  if (wanted) show(wanted.dataset.show);
  const link = event.target.closest('[data-open]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  viewer.open(images[+link.dataset.open], link);
});

const closed = () => document.querySelectorAll('details:has(.marks):not([open])');
window.addEventListener('beforeprint', () => {
  for (const image of document.querySelectorAll('.card.flagged img, .marks img')) image.loading = 'eager';
  for (const details of closed()) { details.open = true; details.dataset.printed = ''; }
});
window.addEventListener('afterprint', () => {
  for (const details of document.querySelectorAll('details[data-printed]')) { details.open = false; delete details.dataset.printed; }
});
